// Places a comment on a picture: a click, or the arrow keys and Enter. Without this the form's own fields say the place.

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function mount(picture) {
  const form = document.querySelector("[data-pin-form]");
  if (!form) return;
  const told = form.querySelector("[data-pin-place]");
  const tall = picture.viewBox.baseVal.height;
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "g");
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  mark.classList.add("is-new");
  mark.append(ring);
  picture.tabIndex = 0;
  let place = [500, 500];

  const put = (x, y) => {
    place = [x, y].map((value) => Math.min(1000, Math.max(0, Math.round(value))));
    document.querySelectorAll("svg .is-new").forEach((other) => other !== mark && other.remove());
    ring.setAttribute("cx", place[0]);
    ring.setAttribute("cy", place[1] * tall / 1000);
    picture.append(mark);
    form.elements.file.value = picture.dataset.file;
    [form.elements.x.value, form.elements.y.value] = place;
    told.textContent = `${place[0] / 10} % · ${place[1] / 10} %`;
  };

  picture.addEventListener("click", (event) => {
    if (event.target.closest("a")) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    put(point.x, point.y * 1000 / tall);
    form.elements.text.focus();
  });
  picture.addEventListener("keydown", (event) => {
    if (event.target !== picture) return;
    const step = STEPS[event.key];
    const far = event.shiftKey ? 100 : 20;
    if (step) put(place[0] + step[0] * far, place[1] + step[1] * far);
    else if (event.key === "Enter") { put(...place); form.elements.text.focus(); }
    else return;
    event.preventDefault();
  });
}

document.querySelectorAll("[data-pins]").forEach(mount);
