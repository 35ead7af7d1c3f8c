// The command palette (Ctrl-K, Cmd-K): pages, actions of this page ([data-palette]), and what the server finds at /palette?q=.
import { textOf } from "./shortcuts.js";

const PAUSE = 120;
const dialog = document.getElementById("palette");
const field = dialog?.querySelector("[role=combobox]");
const list = dialog?.querySelector("[role=listbox]");
let timer = 0;
let asked = 0;
let isEager = false; // Enter was pressed before there was anything to choose

function open() {
  if (dialog.open) return;
  field.value = "";
  isEager = false;
  dialog.showModal();
  field.focus();
  show(here([]));
  fill("");
}

function here(words) {
  const elements = [...document.querySelectorAll("[data-palette]")].filter((each) => !each.closest("dialog"));
  const fits = (text) => words.every((word) => text.toLowerCase().includes(word));
  return elements.filter((each) => fits(textOf(each))).map(optionFor);
}

function optionFor(element) {
  const option = document.createElement(element.href ? "a" : "div");
  if (element.href && !element.hasAttribute("data-dialog")) option.href = element.href;
  option.textContent = textOf(element);
  option.className = "palette-item";
  option.setAttribute("role", "option");
  if (!option.href) {
    option.addEventListener("click", () => {
      dialog.close();
      element.click();
    });
  }
  return option;
}

async function fill(text) {
  const words = wordsOf(text);
  const mine = ++asked;
  const headers = { "HX-Request": "true", Accept: "text/html" };
  const answer = await fetch(`${dialog.dataset.url}?q=${encodeURIComponent(text)}`, { headers }).catch(() => null);
  const found = document.createRange().createContextualFragment(answer?.ok ? await answer.text() : "");
  if (mine !== asked || !dialog.open) return;
  show([...here(words), ...found.querySelectorAll("[role=option]")]);
  if (isEager) list.firstElementChild?.click();
  isEager = false;
}

function wordsOf(text) {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** What this page has for a text, at once; what the server has follows. */
function follow() {
  const text = field.value.trim();
  isEager = false;
  show(here(wordsOf(text)));
  dialog.querySelector("[data-none]").hidden = true;
  asked++;
  clearTimeout(timer);
  timer = setTimeout(() => fill(text), PAUSE);
}

function enter() {
  const chosen = list.querySelector('[aria-selected="true"]');
  if (chosen) chosen.click();
  else isEager = true;
}

function show(options) {
  options.forEach((option, number) => {
    option.id = `palette-${number}`;
    option.tabIndex = -1;
    option.setAttribute("aria-selected", "false");
  });
  list.replaceChildren(...options);
  dialog.querySelector("[data-none]").hidden = options.length > 0;
  choose(0);
}

function choose(number) {
  const options = [...list.children];
  for (const each of options) each.setAttribute("aria-selected", String(each === options[number]));
  if (options[number]) {
    field.setAttribute("aria-activedescendant", options[number].id);
    options[number].scrollIntoView({ block: "nearest" });
  } else field.removeAttribute("aria-activedescendant");
}

function keyed(event) {
  const options = [...list.children];
  const at = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && options.length) {
    event.preventDefault();
    choose((at + step + options.length) % options.length);
  } else if (event.key === "Enter") {
    event.preventDefault();
    enter();
  }
}

if (dialog) {
  field.addEventListener("keydown", keyed);
  field.addEventListener("input", follow);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => event.target.closest?.("[data-opens=palette]") && open());
}
