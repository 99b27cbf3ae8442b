// Another country, state or way of sending shows its fields and its sum at once; the buttons that do it are for those without
// script. The first thing that is wrong gets the focus.
export function mount(page) {
  if (!window.htmx) return;
  // Who types the name of a state chooses another at every letter: the answer must not take the field away meanwhile.
  let isTyping = false;
  let waiting;
  page.addEventListener("keydown", ({ key, target }) => { isTyping = key.length === 1 && target.matches("select"); });
  page.addEventListener("pointerdown", () => { isTyping = false; });
  page.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-shows]")) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => target.isConnected && window.htmx.trigger(target.form, "show"), isTyping ? 700 : 0);
  });
  page.addEventListener("htmx:afterSettle", hideButtons);
  hideButtons();
  // The page may have been here before this script: somebody has chosen, and nobody was listening.
  const changed = [...page.querySelectorAll("[data-shows]")].find(isChanged);
  if (changed) {
    window.htmx.process(changed.form);
    window.htmx.trigger(changed.form, "show");
  }
  (page.querySelector("[aria-invalid]") ?? page.querySelector("#problem"))?.focus();

  function isChanged({ options, checked, defaultChecked }) {
    if (!options) return checked !== defaultChecked;
    return !([...options].find((one) => one.defaultSelected) ?? options[0])?.selected;
  }

  function hideButtons() {
    for (const button of page.querySelectorAll("button[name=show]")) button.hidden = true;
  }
}
