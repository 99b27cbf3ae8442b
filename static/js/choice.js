// A product's choice shows its answer as soon as something is chosen; htmx asks for it. This keeps hold of what a person
// is doing meanwhile: no press of a key or a finger is lost, and the focus stays. The button is for those without script.
const CHANGED = "input:checked:not([checked]), option:checked:not([selected])";

export function mount(choice) {
  // The button names the price of one piece: of more it says none, as only the basket adds up.
  choice.addEventListener("input", ({ target }) => {
    if (target.id === "quantity") choice.querySelector("[data-each]").hidden = target.value !== "1";
  });
  const form = choice.querySelector("form.choose");
  if (!form || !window.htmx) return;
  form.querySelector("button").hidden = true;
  // The page may have been here before this script: somebody has chosen, and nobody was listening.
  window.htmx.process(choice);
  if (form.querySelector(CHANGED)) ask();

  let isPressed = false;
  let isOwed = false;
  let focused = null;

  function ask() {
    choice.querySelector("form.choose")?.requestSubmit();
  }

  // A button chooses on letting go. Were it replaced between the two, nothing would be chosen: the answer waits.
  function press({ type, key, target }) {
    if (type === "keydown" ? key === " " && target.type === "radio" : target.closest("label.opt")) isPressed = true;
  }

  function letGo() {
    isPressed = false;
    // Later than the choice that letting go may make: its own question takes the place of this one.
    if (isOwed) setTimeout(ask);
    isOwed = false;
  }

  choice.addEventListener("keydown", press);
  choice.addEventListener("pointerdown", press);
  for (const end of ["keyup", "pointerup", "pointercancel", "blur"]) window.addEventListener(end, letGo);

  choice.addEventListener("htmx:beforeSwap", ({ detail }) => {
    isOwed = isPressed && detail.shouldSwap;
    if (isPressed) detail.shouldSwap = false;
    focused = choice.contains(document.activeElement) ? document.activeElement : null;
  });
  // htmx gives the focus back to what has the same id; this to a field that was kept, or to the nearest to one that is gone.
  choice.addEventListener("htmx:afterSwap", () => {
    if (!focused || choice.contains(document.activeElement)) return;
    const next = focused.isConnected ? focused : choice.querySelector("input:checked, input, select");
    next?.focus({ preventScroll: true });
  });
}
