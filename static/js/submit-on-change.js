// A number or a choice that is sent as soon as it is changed; the button beside it is for those without script.
export function mount(field) {
  const button = field.form?.querySelector("button:not([name])");
  if (button) button.hidden = true;
  field.addEventListener("change", send);
  // The page may have been here before this script: somebody has changed it, and nobody was listening.
  if (isChanged()) send();

  function send() {
    if (field.checkValidity()) field.form.requestSubmit(button ?? undefined);
  }

  function isChanged() {
    if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
    return field.value !== field.defaultValue && document.activeElement !== field;
  }
}
