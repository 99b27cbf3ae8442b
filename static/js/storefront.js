// Finds what a page marks with data-mount and hands it to the small module of that name.
const modules = {
  countdown: () => import("./countdown.js"),
  autosubmit: () => import("./autosubmit.js"),
  filters: () => import("./filters.js"),
  suggest: () => import("./suggest.js"),
};

const mounted = new WeakSet();

export async function mountAll(root) {
  for (const element of root.querySelectorAll("[data-mount]")) {
    if (mounted.has(element)) continue;
    mounted.add(element);
    const module = await modules[element.dataset.mount]?.();
    module?.mount(element);
  }
}

mountAll(document);
// What htmx has put in is new to us. The focus goes back to what had it, also where two answers came close together.
let focused = "";
document.addEventListener("focusin", (event) => (focused = event.target.id));
document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
  mountAll(target);
  const same = document.getElementById(focused);
  if (document.activeElement === document.body && target.contains(same)) same.focus();
});
