// Pages with a time zone to choose load this: the plain list becomes one that is searched as one types, by city, offset or short name.

import TomSelect from "tom-select/base";

const HINT = "City, offset or short name";
const NONE = '<div class="no-results">No such zone: try a city, EST, or UTC+1</div>';

function dress(select) {
  const chooser = new TomSelect(select, {
    maxOptions: null,
    searchField: ["text", "value", "also"],
    lockOptgroupOrder: true,
    refreshThrottle: 0, // so that Tab takes what has just been typed
    onDelete: () => false, // there is always a zone
    placeholder: HINT,
    hidePlaceholder: false, // the style shows it only while one searches
    render: { no_results: () => NONE },
  });
  select.setAttribute("aria-hidden", "true"); // its label has gone over to the box
  chooser.on("type", () => lead(chooser));
  const box = chooser.control_input;
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (select.hasAttribute(name)) box.setAttribute(name, select.getAttribute(name));
  }
  box.addEventListener("input", (event) => event.stopPropagation()); // what is searched is no value of the form
  box.addEventListener("keydown", (event) => event.key === "Tab" && take(chooser), true);
}

/** Make the best match the one that Enter takes, not what is chosen already, if that matches as well. */
function lead(chooser) {
  const best = chooser.dropdown_content.querySelector("[data-selectable]");
  if (chooser.inputValue() && best) chooser.setActiveOption(best);
}

/** Take what was found by typing when one goes on without pressing Enter. */
function take(chooser) {
  if (chooser.inputValue() && chooser.activeOption) chooser.addItem(chooser.activeOption.dataset.value);
}

function dressAll() {
  for (const select of document.querySelectorAll("select[data-zones]:not(.tomselected)")) dress(select);
}

document.addEventListener("htmx:afterSettle", dressAll);
dressAll();
