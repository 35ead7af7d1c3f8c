// Lists of entries one can search, add to and take out again; and how many values a pattern matches.

import TomSelect from "tom-select/base";
import removeButton from "tom-select/dist/esm/plugins/remove_button/plugin.js";
import { unquoted } from "./lists.js";
import { UNFOUND, addAll, afterPause, count, everyMatch, fits, patternOf, search } from "./values.js";

TomSelect.define("remove_button", removeButton);
const LINE = "\n";

/** Make a plain list to choose several from into one that can be searched. */
export function makeMultiselect(select, title) {
  select.setAttribute("aria-label", title); // its label goes over to the box that one types into
  return new TomSelect(select, { plugins: ["remove_button"], maxOptions: null, hideSelected: true });
}

/** Make a field of entries: values of the instance are found as one types, others can be added or pasted. instance(): its id. */
export function makeEntries(wrapper, reading, instance) {
  const select = wrapper.querySelector("[data-entries]");
  select.setAttribute("aria-label", wrapper.dataset.title);
  const list = select.dataset.list;
  const told = wrapper.querySelector("[data-matches]");
  const totals = new Map(); // how many values each pattern matches that was asked for
  const isPattern = (text) => Boolean(list) && text.includes("*");
  const chooser = new TomSelect(select, {
    plugins: ["remove_button"],
    delimiter: reading.separators.includes(",") ? "," : LINE, // a comma ends a word, but names of campaigns have commas
    create: (text) => (isPattern(text) ? takeAll(text.trim()) : { value: text.trim(), text: text.trim() }),
    createFilter: (text) => (isPattern(text) ? totals.get(text) !== 0 : text.trim() !== ""),
    maxOptions: 200,
    hideSelected: true,
    score(text) {
      this.settings.addPrecedence = isPattern(text); // Enter takes all that a pattern matches, not the first of them
      if (!isPattern(text)) return this.getScoreFunction(text);
      const fit = fits(text);
      return (option) => (fit(option.value) ? 1 : 0);
    },
    onItemAdd() {
      this.setTextboxValue("");
      this.close();
    },
    placeholder: select.getAttribute("placeholder") ?? "",
    ...(list ? { load: (text, show) => load(text).then(show, () => failed(show)), shouldLoad: (text) => text.length > 0 } : {}),
    render: {
      option_create: ({ input }, escape) => `<div class="create" role="option" id="${select.id}-create">${isPattern(input) ? escape(addAll(totals.get(input), input.trim())) : `Add <strong>${escape(input)}</strong>`}</div>`,
      no_results: () => '<div class="no-results">Nothing found</div>',
    },
  });

  async function load(text) {
    const { items, total } = await search(instance(), list, isPattern(text) ? { pattern: text.trim() } : { words: text });
    totals.set(text, total);
    say("");
    return items.map((item) => ({ value: item.value, text: item.label ?? item.value }));
  }

  function failed(show) {
    say(UNFOUND);
    show();
  }

  function takeAll(pattern) {
    everyMatch(instance(), list, pattern).then(
      ({ texts, total }) => {
        add(texts);
        say(total > texts.length ? `The first ${count(texts.length)} of ${count(total)} are added.` : `${count(total)} match ${pattern}.`);
      },
      () => say(UNFOUND),
    );
    return false; // no entry of its own
  }

  function say(text, ...more) {
    if (told.textContent !== text || more.length) told.replaceChildren(text, ...more);
  }

  /** Add all at once: one by one, each would have the whole list drawn anew. */
  function add(texts) {
    for (const text of texts) if (!chooser.options[text]) chooser.addOption({ value: text, text });
    chooser.addItems([...new Set(texts)], true);
    chooser.close();
    select.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const isWord = (text) => !list || Boolean(chooser.options[text]); // what was searched for is not meant as it is
  keepWhatIsTyped(chooser, isWord, (text) => say(`“${text}” is not in the list yet. `, button("Add it", () => (isPattern(text) ? takeAll(text) : add([text])))));
  takePastes(chooser, reading, add);

  const pasted = wrapper.querySelector("[data-paste-in] textarea");
  wrapper.querySelector("[data-take-in]").addEventListener("click", () => {
    add(unquoted(pasted.value, reading));
    pasted.value = "";
    wrapper.querySelector("[data-paste-in]").open = false;
    chooser.focus();
  });
  return chooser;
}

/** Take in what was typed and not confirmed when the box is left, or offer to. */
function keepWhatIsTyped(chooser, isWord, offer) {
  const leave = () => {
    const text = chooser.inputValue().trim();
    chooser.settings.createOnBlur = isWord(text);
    if (text && !isWord(text)) offer(text);
  };
  chooser.control_input.addEventListener("blur", leave, true); // before the box is emptied
}

/** Take a paste of several entries apart, as the server would; a box of one line would run them together. */
function takePastes(chooser, reading, add) {
  const take = (event) => {
    const texts = unquoted(event.clipboardData?.getData("text") ?? "", reading);
    if (texts.length < 2) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    add(texts);
  };
  chooser.control_input.addEventListener("paste", take, true);
}

function button(text, work) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: text });
  made.addEventListener("click", work);
  return made;
}

/** Say how many values of the instance a filter matches, and the first of them. */
export function countMatches(wrapper, instance) {
  const input = wrapper.querySelector("[data-filter]");
  const told = wrapper.querySelector("[data-matches]");
  const kind = input.dataset.filter;
  const look = afterPause(250, async (isLatest, text) => {
    const found = await matchesOf(instance(), kind, text).catch(() => UNFOUND);
    if (isLatest()) told.textContent = found;
  });
  const run = () => look(input.value);
  input.addEventListener("input", run);
  if (input.value.trim()) run();
}

async function matchesOf(instance, kind, text) {
  if (!text.trim()) return "";
  const [found, all] = await Promise.all([search(instance, kind, { pattern: patternOf(text), limit: 3 }), search(instance, kind, { limit: 1 })]);
  if (!all.total) return "";
  const names = found.items.map((item) => item.value).join(", ");
  const rest = found.total > found.items.length ? " …" : "";
  return `${count(found.total)} of ${count(all.total)} match${names ? `: ${names}${rest}` : ""}`;
}
