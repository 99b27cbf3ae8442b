// Answers with the page for those without a network, in the language of the page that was asked for. It keeps nothing else,
// and looks at nothing but pages, and the styles of that one page when they cannot be fetched.
const NAME = "offline-{{ name }}";
const KEPT = [{% for address in kept %}"{{ address|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name.startsWith("offline-") && name !== NAME));
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  if (request.mode === "navigate" && request.method === "GET" && /^\/[a-z0-9-]+\/(en|zh)\//.test(path)) {
    event.respondWith(fetch(request).catch(() => caches.match(`/unconnected/${path.split("/")[2]}/`)));
  } else if (KEPT.includes(path)) {
    event.respondWith(fetch(request).catch(() => caches.match(path)));
  }
});
