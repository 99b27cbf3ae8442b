// A form that shows its answer as soon as something is chosen; the button stays for those without script.
export function mount(element) {
  const form = element.form;
  const button = form.querySelector("button");
  if (button) button.hidden = true;
  element.addEventListener("change", () => form.requestSubmit(button ?? undefined));
}
