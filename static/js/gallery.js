// Pictures of a product, as large as the window: arrows lead on, a click brings them nearer, Escape closes. Without this the
// links lead to the pictures themselves.
export function mount(dialog) {
  const links = [...document.querySelectorAll(".gallery .zoom")];
  const frame = dialog.querySelector(".zoomed-frame");
  const picture = frame.querySelector("img");
  let place = 0;

  function show(next) {
    place = (next + links.length) % links.length;
    const small = links[place].querySelector("img");
    near(false);
    picture.src = links[place].href;
    picture.alt = small.alt;
    picture.width = small.width;
    picture.height = small.height;
    dialog.querySelector("[data-place]").textContent = `${place + 1} / ${links.length}`;
  }

  function near(isNear, x = 0.5, y = 0.5) {
    frame.classList.toggle("is-near", isNear);
    // What was clicked on stays in the middle.
    frame.scrollTo((frame.scrollWidth - frame.clientWidth) * x, (frame.scrollHeight - frame.clientHeight) * y);
  }

  links.forEach((link, index) => {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      show(index);
      dialog.showModal();
    });
  });
  for (const button of dialog.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => show(place + Number(button.dataset.step)));
  }
  picture.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    near(!frame.classList.contains("is-near"), (event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height);
  });
  dialog.addEventListener("keydown", ({ key }) => {
    const isNear = frame.classList.contains("is-near");
    if (key === "+" || key === "-") near(key === "+");
    else if (!isNear && links.length > 1 && key === "ArrowRight") show(place + 1);
    else if (!isNear && links.length > 1 && key === "ArrowLeft") show(place - 1);
  });
  // The focus goes back to the picture that was looked at last.
  dialog.addEventListener("close", () => links[place].focus());
  dialog.dataset.ready = "yes";
}
