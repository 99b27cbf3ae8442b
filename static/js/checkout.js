// Another country or way of sending shows its fields and its sum at once; the buttons that do it are for those without script.
// The first thing that is wrong gets the focus.
export function mount(form) {
  const shows = form.querySelectorAll("button[name=show]");
  for (const button of shows) button.hidden = true;
  form.addEventListener("change", ({ target }) => {
    if (target.matches("[data-shows]") && shows[0]) form.requestSubmit(shows[0]);
  });
  (form.querySelector("[aria-invalid]") ?? form.querySelector("#problem"))?.focus();
}
