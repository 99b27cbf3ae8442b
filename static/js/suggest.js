// Offers goods, films and kinds under the search field while somebody types. The form works without it.
const PAUSE = 150;

export function mount(input) {
  const form = input.form;
  const panel = document.createElement("div");
  panel.className = "suggestions";
  panel.hidden = true;
  form.append(panel);
  const address = form.action.replace(/search\/$/, "suggest/");
  let timer;
  let asked = "";

  const close = () => { panel.hidden = true; };
  const links = () => [...panel.querySelectorAll("a")];

  async function ask() {
    const query = input.value.trim();
    if (query === asked) return;
    asked = query;
    if (!query) return close();
    const answer = await fetch(`${address}?q=${encodeURIComponent(query)}`).catch(() => null);
    // Somebody has typed on meanwhile.
    if (!answer?.ok || asked !== query) return;
    panel.innerHTML = await answer.text();
    panel.hidden = !panel.children.length || !form.contains(document.activeElement);
  }

  function move(event) {
    if (event.key === "Escape") {
      if (panel.hidden) return;
      event.preventDefault();
      input.focus();
      return close();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || panel.hidden) return;
    event.preventDefault();
    const stops = [input, ...links()];
    const at = stops.indexOf(document.activeElement);
    stops[(at + step + stops.length) % stops.length].focus();
  }

  input.autocomplete = "off";
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
  input.addEventListener("focus", () => { panel.hidden = !panel.children.length || input.value.trim() !== asked; });
  form.addEventListener("keydown", move);
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) close(); });
}
