// What this browser has looked at, below a product. Asked for at once: who leaves without scrolling has seen the product too.
export function mount(slot) {
  // It goes only where nobody looks yet: under somebody's eyes it would push away what they read.
  slot.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (slot.getBoundingClientRect().top < innerHeight) detail.shouldSwap = false;
  });
  window.htmx?.ajax("GET", slot.dataset.from, { target: slot, swap: "innerHTML" });
}
