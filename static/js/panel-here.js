// On a phone the sections are one scrolling row: it begins where somebody is.

export function mount(row) {
  const here = row.querySelector("[aria-current]");
  if (here && row.scrollWidth > row.clientWidth) row.scrollLeft += here.getBoundingClientRect().left - row.getBoundingClientRect().left - 16;
}

document.querySelectorAll("[data-mount=panel-here]").forEach(mount);
