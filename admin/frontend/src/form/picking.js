// Lists of entries one can search, add to and take out again; and how many values a pattern matches.

import TomSelect from "tom-select/base";
import removeButton from "tom-select/dist/esm/plugins/remove_button/plugin.js";
import { unquoted } from "./lists.js";
import { afterPause, everyMatch, patternOf, search } from "./values.js";

TomSelect.define("remove_button", removeButton);

/** Make a plain list to choose several from into one that can be searched. */
export function makeMultiselect(select, title) {
  select.setAttribute("aria-label", title); // its label goes over to the box that one types into
  return new TomSelect(select, { plugins: ["remove_button"], maxOptions: null, hideSelected: true });
}

/** Make a field of entries: values of the instance are found as one types, others can be added or pasted. */
export function makeEntries(wrapper, reading, instance) {
  const select = wrapper.querySelector("[data-entries]");
  select.setAttribute("aria-label", wrapper.dataset.title);
  const list = select.dataset.list;
  const told = wrapper.querySelector("[data-matches]");
  const chooser = new TomSelect(select, {
    plugins: ["remove_button"],
    create: (text) => ({ value: text.trim(), text: text.trim() }),
    createFilter: (text) => text.trim() !== "",
    maxOptions: 200,
    hideSelected: true,
    onItemAdd() {
      this.setTextboxValue("");
      this.close();
    },
    placeholder: select.getAttribute("placeholder") ?? "",
    ...(list && instance ? { load: (text, show) => load(text).then(show, () => show()), shouldLoad: (text) => text.length > 0 } : {}),
    render: {
      option_create: (data, escape) => `<div class="create">Add <strong>${escape(data.input)}</strong></div>`,
      no_results: () => '<div class="no-results">Nothing found</div>',
    },
  });

  async function load(text) {
    const isPattern = text.includes("*");
    const { items, total } = await search(instance, list, isPattern ? { pattern: text } : { words: text });
    if (isPattern) offerAll(text, total);
    return items.map((item) => ({ value: item.value, text: item.label ?? item.value }));
  }

  function offerAll(pattern, total) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: "Add all" });
    button.addEventListener("click", async () => {
      add(await everyMatch(instance, list, pattern));
      told.replaceChildren();
      chooser.setTextboxValue("");
    });
    told.replaceChildren(`${total.toLocaleString("en")} match ${pattern} `, ...(total ? [button] : []));
  }

  function add(texts) {
    for (const text of texts) {
      chooser.addOption({ value: text, text });
      chooser.addItem(text, true);
    }
    chooser.refreshState();
    select.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const pasted = wrapper.querySelector("[data-paste-in] textarea");
  wrapper.querySelector("[data-take-in]").addEventListener("click", () => {
    add(unquoted(pasted.value, reading));
    pasted.value = "";
    wrapper.querySelector("[data-paste-in]").open = false;
    chooser.focus();
  });
  return chooser;
}

/** Say how many values of the instance a filter matches, and the first of them. */
export function countMatches(wrapper, instance) {
  const input = wrapper.querySelector("[data-filter]");
  const told = wrapper.querySelector("[data-matches]");
  const look = afterPause(250, async (isLatest, text) => {
    const [found, all] = await Promise.all([search(instance, input.dataset.filter, { pattern: patternOf(text), limit: 3 }), search(instance, input.dataset.filter, { limit: 1 })]);
    if (!isLatest()) return;
    const names = found.items.map((item) => item.value).join(", ");
    const rest = found.total > found.items.length ? " …" : "";
    told.textContent = all.total ? `${found.total.toLocaleString("en")} of ${all.total.toLocaleString("en")} match${names ? `: ${names}${rest}` : ""}` : "";
  });
  const run = () => (input.value.trim() ? look(input.value) : (told.textContent = ""));
  input.addEventListener("input", run);
  run();
}
