// A form marked data-once is sent once, however often its button is pressed. The server refuses the second time anyway.

export function mount(form) {
  form.addEventListener("submit", (event) => {
    if (form.ariaBusy === "true") event.preventDefault();
    form.ariaBusy = "true";
  });
  // Coming back by the browser's history shows the page as it was left: busy.
  window.addEventListener("pageshow", () => { form.ariaBusy = "false"; });
}

document.querySelectorAll("form[data-once]").forEach(mount);
