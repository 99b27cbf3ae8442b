// Another country, state or way of sending shows its fields and its sum at once; the buttons that do it are for those without
// script. The first thing that is wrong gets the focus.
export function mount(page) {
  if (!window.htmx) return;
  page.addEventListener("change", ({ target }) => {
    if (target.matches("[data-shows]")) window.htmx.trigger(target.form, "show");
  });
  page.addEventListener("htmx:afterSettle", hideButtons);
  hideButtons();
  (page.querySelector("[aria-invalid]") ?? page.querySelector("#problem"))?.focus();

  function hideButtons() {
    for (const button of page.querySelectorAll("button[name=show]")) button.hidden = true;
  }
}
