// How many pieces are in the basket: pages are the same for everybody, the number is this browser's own.
export function mount(link) {
  const pieces = Number(document.cookie.match(/(?:^|; )basket_count=(\d+)/)?.[1] ?? 0);
  if (pieces) link.querySelector("[data-count]").textContent = ` ${pieces}`;
}
