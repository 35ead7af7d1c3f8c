// Other colours without loading the page anew: what is typed in it stays. The server tells which by the event "theme".
const META = { light: "light", dark: "dark" };

document.addEventListener("theme", ({ detail }) => {
  document.documentElement.dataset.colorMode = detail.value;
  document.querySelector('meta[name="color-scheme"]').content = META[detail.value] ?? "light dark";
  for (const button of document.querySelectorAll('button[name="theme"]')) {
    button.setAttribute("aria-pressed", String(button.value === detail.value));
  }
});
