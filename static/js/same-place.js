// The other language of what is seen now: a choice is swapped into the page and its address, and not into the link.
export function mount(link) {
  link.addEventListener("click", () => { link.search = location.search; });
}
