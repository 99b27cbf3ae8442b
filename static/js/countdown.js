// Counts down by the server's clock, and when it is over swaps the section for what the server then shows, and says so.
import { mountAll } from "./storefront.js";
const units = { days: 86400, hours: 3600, minutes: 60, seconds: 1 };

export async function mount(element) {
  // Staff who look at another instant (?at=) see it stand: their clock and the server's are not those of the page.
  if (new URLSearchParams(location.search).has("at")) return;
  const startsAt = Number(element.dataset.at);
  const ahead = await clockDifference(element.dataset.fragment);
  const timer = setInterval(tick, 250);
  tick();

  function tick() {
    const left = Math.max(0, Math.ceil((startsAt - (Date.now() + ahead)) / 1000));
    show(element, left);
    if (left > 0 || !element.isConnected) return;
    clearInterval(timer);
    // Spread the visitors over a second, so that they do not all ask at once.
    setTimeout(() => swap(element), Math.random() * 1000);
  }
}

function show(element, left) {
  for (const [name, size] of Object.entries(units)) {
    const value = Math.floor(left / size);
    left -= value * size;
    element.querySelector(`[data-unit="${name}"]`).textContent = String(value).padStart(2, "0");
  }
}

// Milliseconds by which the server is ahead of this computer, from its Date header (whole seconds, so half a one more).
async function clockDifference(address) {
  const asked = Date.now();
  const answer = await fetch(address, { method: "HEAD", cache: "no-store" }).catch(() => null);
  const date = Date.parse(answer?.headers.get("Date") ?? "");
  return Number.isNaN(date) ? 0 : date + 500 - (asked + Date.now()) / 2;
}

async function swap(element, attempt = 0) {
  // Elsewhere than at home the goods below turn with it.
  const part = element.dataset.fragment.endsWith("/hero/") ? "#hero" : "#main";
  const answer = await fetch(element.dataset.fragment, { cache: "no-store" }).catch(() => null);
  const page = new DOMParser().parseFromString((await answer?.text()) ?? "", "text/html");
  const fresh = page.querySelector(part);
  if (answer?.ok && fresh && page.querySelector("#hero").dataset.live === "yes") {
    document.querySelector(part).replaceWith(fresh);
    mountAll(fresh);
    return say(fresh.querySelector(".live").textContent);
  }
  if (attempt < 60) setTimeout(() => swap(element, attempt + 1), 1000 + Math.random() * 1000);
}

// To those who hear the page: a region must be there before there is something in it.
function say(words) {
  const region = document.createElement("p");
  Object.assign(region, { className: "hidden", role: "status" });
  document.body.append(region);
  setTimeout(() => { region.textContent = words; }, 100);
}
