// Pages with a form made from a schema load this, besides console.js: each field is judged as one types.

import { makeForm } from "./form/checking.js";
import { readValue, readWindow, textsIn } from "./form/controls.js";
import { say, showParts } from "./form/dates.js";
import { makeFinder } from "./form/finding.js";
import { markPastes } from "./form/pasting.js";
import { countMatches, makeEntries, makeMultiselect } from "./form/picking.js";
import { makeCopies } from "./form/sharing.js";
import { makeSliders } from "./form/sliders.js";
import { followLinks, summarise, tell } from "./form/telling.js";

const QUIET = 400; // milliseconds without a change, after which the SQL is asked for anew
const UNJUDGED = ["instance"]; // what buttons ask for that needs no right values

// A message that appears between the two halves of a click would push the button from under the pointer.
let isPressed = false;
const waiting = [];
document.addEventListener("pointerdown", () => (isPressed = true), true);
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => {
    isPressed = false;
    setTimeout(() => waiting.splice(0).forEach((work) => work()));
  }, true);
}

function afterPress(work) {
  if (isPressed) waiting.push(work);
  else work();
}

const form = document.getElementById("report-form");
if (form) begin(form);

function begin(form) {
  const settings = JSON.parse(form.dataset.form);
  const judge = makeForm({ ...settings, asOf: new Date(settings.asOf) });
  const wrappers = new Map(Array.from(form.querySelectorAll("[data-parameter]"), (one) => [one.dataset.parameter, one]));
  const window_ = form.querySelector("[data-window]");
  const left = new Set(); // fields that somebody has left, or that have been wrong: they are told at once
  const pastes = new Map();

  for (const wrapper of form.querySelectorAll("[data-parameter], [data-window]")) {
    showParts(wrapper);
    if (wrapper.querySelector(".errors li")) left.add(wrapper);
  }
  for (const [name, wrapper] of wrappers) dress(name, wrapper);
  makeSliders(form);
  makeCopies(form);
  followLinks(document);

  function dress(name, wrapper) {
    const { entries, described } = judge.fields.get(name);
    if (wrapper.dataset.widget === "paste") pastes.set(wrapper, markPastes(wrapper, entries));
    if (wrapper.querySelector("[data-entries]")) makeEntries(wrapper, described["x-reading"], settings.instance);
    if (wrapper.querySelector("[data-multiselect]")) makeMultiselect(wrapper.querySelector("[data-multiselect]"), wrapper.dataset.title);
    if (wrapper.querySelector("[data-filter]") && settings.instance) countMatches(wrapper, settings.instance);
    const finder = wrapper.querySelector("[data-finder]");
    if (finder && settings.instance) makeFinder(finder, settings.instance, (texts) => append(wrapper.querySelector("textarea"), texts));
    pastes.get(wrapper)?.paint();
  }

  const zone = () => form.elements.timezone?.value || "UTC";
  const raw = (name) => readValue(name, settings.widgets[name], textsIn(wrappers.get(name)), judge.fields.get(name).described["x-reading"]);

  /** Judge one field and show what is due; returns its reasons. */
  function look(wrapper, { isTold }) {
    const { reasons, span } = wrapper === window_ ? lookAtWindow() : judge.judgeField(wrapper.dataset.parameter, raw(wrapper.dataset.parameter), zoneOrUtc());
    pastes.get(wrapper)?.paint();
    if (wrapper.querySelector("[data-resolved]")) say(wrapper, span);
    if (isTold || left.has(wrapper)) {
      if (reasons.length) left.add(wrapper);
      tell(wrapper, reasons);
    }
    return reasons;
  }

  function lookAtWindow() {
    const { reasons, span } = judge.judgeWindow(readWindow(textsIn(window_)), zoneOrUtc());
    return { reasons: Object.values(reasons).flat(), span };
  }

  function zoneOrUtc() {
    return isZone(zone()) ? zone() : "UTC";
  }

  function showConditional() {
    if (!Object.keys(settings.conditions).length) return;
    const hidden = judge.hidden(Object.fromEntries(Array.from(wrappers.keys(), (name) => [name, raw(name)])), zoneOrUtc());
    for (const [name, wrapper] of wrappers) wrapper.hidden = hidden.has(name);
  }

  let quiet = 0;
  form.addEventListener("input", (event) => {
    const wrapper = event.target.closest?.("[data-parameter], [data-window]");
    if (event.target.matches("[data-mode]")) showParts(wrapper);
    if (wrapper) look(wrapper, { isTold: false });
    if (event.target.name === "timezone") for (const each of [...wrappers.values(), window_]) each.querySelector("[data-resolved]") && look(each, { isTold: false });
    showConditional();
    if (wrapper) measure(event);
    clearTimeout(quiet);
    if (isPartOfSql(event.target)) quiet = setTimeout(() => document.body.dispatchEvent(new CustomEvent("form:changed")), QUIET);
  });

  form.addEventListener("focusout", (event) => {
    const wrapper = event.target.closest?.("[data-parameter], [data-window]");
    if (!wrapper || wrapper.contains(event.relatedTarget)) return;
    left.add(wrapper);
    afterPress(() => look(wrapper, { isTold: true }));
  });

  form.addEventListener("submit", (event) => {
    if (UNJUDGED.includes(event.submitter?.value)) return;
    const faults = [...wrappers.values(), window_].filter((one) => !one.hidden).flatMap((wrapper) =>
      look(wrapper, { isTold: true }).map((reason) => ({ id: idOf(wrapper), title: wrapper.dataset.title, reason })),
    );
    summarise(form.querySelector("[data-summary]"), faults);
    if (faults.length) event.preventDefault();
  });
}

function idOf(wrapper) {
  return wrapper.dataset.parameter ? `p.${wrapper.dataset.parameter}` : "w.preset";
}

function isPartOfSql(control) {
  return /^[pw]\.|^timezone$/.test(control.name ?? "") || control.closest?.(".ts-wrapper") !== null;
}

function isZone(name) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function append(area, texts) {
  area.value = [area.value.trimEnd(), ...texts].filter(Boolean).join("\n");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

// From the keystroke until its verdict is on the screen.
function measure(event) {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => performance.measure("field-validation", { start: event.timeStamp, end: performance.now() });
    port2.postMessage(null);
  });
}
