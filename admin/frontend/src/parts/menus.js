// <details data-menu>: one open at a time; Escape and a click elsewhere close it; arrow keys walk through its items.
const OPEN = "details[data-menu][open]";
const ITEMS = "a[href], button:not([disabled])";

function close(menu, takesFocus) {
  menu.open = false;
  if (takesFocus) menu.querySelector("summary").focus();
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(OPEN)) {
    if (!menu.contains(event.target)) close(menu, false);
    else if (event.target.closest(ITEMS)) setTimeout(close, 0, menu, true); // else a live region would wait for it
  }
});

document.addEventListener("focusin", (event) => {
  for (const menu of document.querySelectorAll(OPEN)) {
    if (!menu.contains(event.target)) close(menu, false);
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu]");
  if (!menu) return;
  if (event.key === "Escape" && menu.open) {
    close(menu, true);
    event.stopPropagation();
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) walk(event, menu, step);
});

function walk(event, menu, step) {
  if (event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  menu.open = true;
  const items = [...menu.querySelectorAll(`:scope > :not(summary) :is(${ITEMS})`)];
  const here = items.indexOf(document.activeElement);
  const next = here < 0 ? (step > 0 ? 0 : items.length - 1) : (here + step + items.length) % items.length;
  items[next]?.focus();
}
