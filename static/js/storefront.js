// Finds what a page marks with data-mount and hands it to the small module of that name.
const modules = {
  countdown: () => import("./countdown.js"),
  autosubmit: () => import("./autosubmit.js"),
};

export async function mountAll(root) {
  for (const element of root.querySelectorAll("[data-mount]")) {
    const module = await modules[element.dataset.mount]?.();
    module?.mount(element);
  }
}

mountAll(document);
