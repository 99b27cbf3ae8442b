// Finds what a page marks with data-mount and hands it to the small module of that name.
const modules = {
  "basket-count": () => import("./basket-count.js"),
  checkout: () => import("./checkout.js"),
  "submit-on-change": () => import("./submit-on-change.js"),
  countdown: () => import("./countdown.js"),
  choice: () => import("./choice.js"),
  filters: () => import("./filters.js"),
  suggest: () => import("./suggest.js"),
  gallery: () => import("./gallery.js"),
  seen: () => import("./seen.js"),
  "same-place": () => import("./same-place.js"),
  share: () => import("./share.js"),
};

const mounted = new WeakSet();

export function mountAll(root) {
  root.querySelectorAll("[data-mount]").forEach(mount);
}

async function mount(element) {
  if (mounted.has(element)) return;
  mounted.add(element);
  const module = await modules[element.dataset.mount]?.();
  module?.mount(element);
}

mountAll(document);
// Only for a page of our own when there is no network (storefront/offline.py); the first page does not wait for it.
addEventListener("load", () => navigator.serviceWorker?.register("/worker.js").catch(() => {}));
