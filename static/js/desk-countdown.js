// Ticks the numbers that the server printed, and loads the page again when the moment has come.

const STEPS = [["days", 86400], ["hours", 3600], ["minutes", 60], ["seconds", 1]];

export function mount(element) {
  const target = Date.parse(element.dataset.countdown);
  const timer = setInterval(() => {
    let left = Math.max(0, Math.ceil((target - Date.now()) / 1000));
    if (left === 0) {
      clearInterval(timer);
      setTimeout(() => location.reload(), 1500);
    }
    for (const [code, size] of STEPS) {
      const part = element.querySelector(`[data-part="${code}"]`);
      if (part) part.textContent = String(Math.floor(left / size)).padStart(2, "0");
      left %= size;
    }
  }, 1000);
}

document.querySelectorAll("[data-countdown]").forEach(mount);
