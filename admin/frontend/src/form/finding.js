// A box that finds values of the instance and adds them to a pasted list: arrows, Enter and Escape, as a combobox.

import { UNFOUND, addAll, afterPause, everyMatch, search } from "./values.js";

/** Let a finder add what is chosen by calling add([texts]). instance(): its id. */
export function makeFinder(box, instance, add) {
  const input = box.querySelector("input");
  const list = box.querySelector("ul");
  const kind = box.dataset.finder;
  let chosen = -1;

  const look = afterPause(150, async (isLatest, text) => {
    const isPattern = text.includes("*");
    const found = await search(instance(), kind, isPattern ? { pattern: text } : { words: text }).catch(() => null);
    if (isLatest() && input.value.trim() === text) show(found ? optionsOf(found, isPattern ? text : "") : [option(UNFOUND, null)]);
  });

  function optionsOf({ items, total }, pattern) {
    const options = items.map((item) => option(item.label && item.label !== item.value ? `${item.value}: ${item.label}` : item.value, () => add([item.value])));
    if (pattern && total) options.unshift(option(addAll(total, pattern), async () => add((await everyMatch(instance(), kind, pattern)).texts)));
    return options.length ? options : [option("Nothing found", null)];
  }

  function show(options) {
    list.replaceChildren(...options);
    open(true);
  }

  function option(text, take) {
    const item = Object.assign(document.createElement("li"), { textContent: text, id: `${list.id}-${Math.random().toString(36).slice(2, 8)}` });
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    if (!take) item.setAttribute("aria-disabled", "true");
    item.addEventListener("pointerdown", (event) => event.preventDefault());
    item.addEventListener("click", () => pick(item));
    item.take = take;
    return item;
  }

  async function pick(item) {
    if (!item?.take) return;
    try {
      await item.take();
    } catch {
      show([option(UNFOUND, null)]);
      return;
    }
    input.value = "";
    open(false);
  }

  function open(isOpen) {
    list.hidden = !isOpen;
    input.setAttribute("aria-expanded", String(isOpen));
    move(-1);
  }

  function move(place) {
    chosen = place;
    Array.from(list.children).forEach((item, index) => item.setAttribute("aria-selected", String(index === place)));
    const item = list.children[place];
    if (item) input.setAttribute("aria-activedescendant", item.id);
    else input.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  }

  input.addEventListener("input", () => (input.value.trim() ? look(input.value.trim()) : open(false)));
  input.addEventListener("blur", () => open(false));
  input.addEventListener("keydown", (event) => {
    const count = list.hidden ? 0 : list.children.length;
    if (event.key === "ArrowDown" && count) move((chosen + 1) % count);
    else if (event.key === "ArrowUp" && count) move((chosen - 1 + count) % count);
    else if (event.key === "Enter") pick(list.children[Math.max(chosen, 0)]);
    else if (event.key === "Escape" && count) open(false);
    else return;
    event.preventDefault();
  });
}
