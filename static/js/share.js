// A button that hands on the page's own address: to whatever the device shares with, else to the clipboard. Without this it is
// not there.
export function mount(button) {
  const url = document.querySelector("link[rel=canonical]")?.href ?? location.href;
  const said = button.nextElementSibling;
  if (!navigator.share && !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    said.textContent = "";
    try {
      if (navigator.share) {
        await navigator.share({ url, title: document.title });
      } else {
        await navigator.clipboard.writeText(url);
        said.textContent = said.dataset.done;
      }
    } catch ({ name }) {
      // Who closes the device's own list wants nothing said.
      if (name !== "AbortError") said.textContent = said.dataset.failed;
    }
  });
}
