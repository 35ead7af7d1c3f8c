// Keys: every element with data-shortcut="n", "/" or "g r" is focused (fields) or clicked (all others); "?" lists them all.
const TYPED = 'input:not([type="checkbox"], [type="radio"], [type="submit"], [type="button"]), textarea, select, [contenteditable]';
const SEQUENCE = 1200;
let began = "";
let timer = 0;

function isTyping(target) {
  return target.matches?.(TYPED) ?? false;
}

/** All shortcuts of this page as [keys, text, element]; the first of the same keys counts. */
export function shortcuts() {
  const found = new Map();
  for (const element of document.querySelectorAll("[data-shortcut]")) {
    const keys = element.dataset.shortcut;
    if (!found.has(keys)) found.set(keys, [keys, textOf(element), element]);
  }
  return [...found.values()];
}

export function textOf(element) {
  const label = element.dataset.palette || element.getAttribute("aria-label") || element.labels?.[0]?.textContent;
  return (label || element.textContent || element.placeholder || "").trim().replace(/\s+/g, " ");
}

function act(element) {
  if (isTyping(element)) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if ("noKeys" in document.documentElement.dataset || event.key.length !== 1 || document.querySelector("dialog[open]")) return;
  const typed = began ? `${began} ${event.key}` : event.key;
  clearTimeout(timer);
  began = "";
  const all = shortcuts();
  const hit = all.find(([keys]) => keys === typed);
  if (hit) {
    event.preventDefault();
    act(hit[2]);
  } else if (all.some(([keys]) => keys.startsWith(`${typed} `))) {
    began = typed;
    timer = setTimeout(() => (began = ""), SEQUENCE);
  }
});

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-opens=shortcuts]")) return;
  const dialog = document.getElementById("shortcuts");
  const list = dialog.querySelector("[data-list]");
  list.replaceChildren(...shortcuts().flatMap(row));
  dialog.showModal();
});

function row([keys, text]) {
  const term = document.createElement("dt");
  for (const key of keys.split(" ")) {
    const shown = document.createElement("kbd");
    shown.textContent = key;
    term.append(shown, " ");
  }
  const what = document.createElement("dd");
  what.textContent = text;
  return [term, what];
}
