// A list's filters: shown at once where they stand beside the list, in a dialog where they do not. Without this, a button.
const wide = matchMedia("(min-width: 60rem)");

export function mount(form) {
  const fields = [...form.elements];
  const buttons = fields.filter((field) => field.type === "submit");
  const sort = fields.find((field) => field.name === "sort");
  const send = () => form.requestSubmit();

  const arrange = () => buttons.forEach((button) => { button.hidden = wide.matches || !form.contains(button); });
  wide.addEventListener("change", arrange);
  arrange();
  for (const field of fields) {
    field.addEventListener("change", () => { if (wide.matches || field === sort) send(); });
  }
  // The usual order need not stand in the address.
  form.addEventListener("formdata", ({ formData }) => {
    if (sort?.selectedIndex === 0) formData.delete("sort");
  });

  const open = document.querySelector(".facets-open");
  const dialog = document.createElement("dialog");
  dialog.className = "sheet";
  dialog.setAttribute("aria-label", form.getAttribute("aria-label"));
  form.before(dialog);
  open?.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.append(form);
    dialog.showModal();
  });
  form.querySelector(".facets-close").addEventListener("click", (event) => {
    if (!dialog.open) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => { dialog.after(form); open.focus(); });
  wide.addEventListener("change", () => dialog.open && dialog.close());
}
