// A number or a choice that is sent as soon as it is changed; the button beside it is for those without script.
export function mount(field) {
  const button = field.form?.querySelector("button:not([name])");
  if (button) button.hidden = true;
  field.addEventListener("change", () => field.checkValidity() && field.form.requestSubmit(button ?? undefined));
}
