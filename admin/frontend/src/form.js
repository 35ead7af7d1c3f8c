// Pages with a form made from a schema load this, besides console.js: each field is judged as one types.

import { makeForm } from "./form/checking.js";
import { readValue, readWindow, textsIn } from "./form/controls.js";
import { beginPart, say, showParts } from "./form/dates.js";
import { isZone } from "./form/days.js";
import { makeFinder } from "./form/finding.js";
import { goOn, watchLeaving } from "./form/leaving.js";
import { markPastes } from "./form/pasting.js";
import { countMatches, makeEntries, makeMultiselect } from "./form/picking.js";
import { afterPress } from "./form/pressing.js";
import { makeCopies } from "./form/sharing.js";
import { makeSliders } from "./form/sliders.js";
import { followLinks, summarise, tell } from "./form/telling.js";
import { judgeZone } from "./form/zones.js";

const QUIET = 400; // milliseconds without a change, after which the SQL is asked for anew
const INSTANCE = "instance"; // what a button asks for that needs no right values
const SAVE = "save_values"; // nor all of them
const FIELDS = "[data-parameter], [data-window], [data-zone]";

const form = document.getElementById("report-form");
if (form) begin(form);

function begin(form) {
  const settings = JSON.parse(form.dataset.form);
  const judge = makeForm({ ...settings, asOf: new Date(settings.asOf) });
  const wrappers = new Map(Array.from(form.querySelectorAll("[data-parameter]"), (one) => [one.dataset.parameter, one]));
  const all = Array.from(form.querySelectorAll(FIELDS));
  const left = new Set(); // fields that somebody has left, or that have been wrong: they are told at once
  const pastes = new Map();
  const spans = new Map(); // the days that were meant last
  const instance = () => form.elements.instance_id?.value ?? "";

  for (const [name, wrapper] of wrappers) dress(name, wrapper);
  for (const wrapper of all) {
    showParts(wrapper);
    look(wrapper, { isTold: false }); // what the server has told stays until something is typed
  }
  for (const wrapper of all) if (wrapper.querySelector(".errors li")) left.add(wrapper);
  showConditional();
  makeSliders(form);
  makeCopies(form);
  followLinks(document);

  function dress(name, wrapper) {
    const { entries, described } = judge.fields.get(name);
    if (wrapper.dataset.widget === "paste") pastes.set(wrapper, markPastes(wrapper, entries));
    if (wrapper.querySelector("[data-entries]")) makeEntries(wrapper, described["x-reading"], instance);
    if (wrapper.querySelector("[data-multiselect]")) makeMultiselect(wrapper.querySelector("[data-multiselect]"), wrapper.dataset.title);
    if (wrapper.querySelector("[data-filter]")) countMatches(wrapper, instance);
    const finder = wrapper.querySelector("[data-finder]");
    if (finder) makeFinder(finder, instance, (texts) => append(wrapper.querySelector("textarea"), texts, entries));
  }

  function raw(name) {
    return readValue(name, settings.widgets[name], textsIn(wrappers.get(name)), judge.fields.get(name).described["x-reading"]);
  }

  function zone() {
    const typed = form.elements.timezone?.value.trim();
    return isZone(typed) ? typed : "UTC";
  }

  /** Judge one field and show what is due; returns {reasons, isEmpty}. */
  function look(wrapper, { isTold }) {
    const { reasons, span, isEmpty } = verdictOf(wrapper);
    pastes.get(wrapper)?.paint();
    if (wrapper.querySelector("[data-resolved]")) {
      if (span) spans.set(wrapper, span);
      say(wrapper, span);
    }
    if (isTold || left.has(wrapper)) {
      if (reasons.length) left.add(wrapper);
      tell(wrapper, reasons);
    }
    return { reasons, isEmpty };
  }

  function verdictOf(wrapper) {
    const name = wrapper.dataset.parameter;
    if (name) {
      const found = judge.judgeField(name, raw(name), zone());
      return found.reasons.length ? found : { ...found, ...judge.judgePair(name, (one) => (wrappers.get(one)?.hidden ? null : raw(one)), zone()) };
    }
    if (wrapper.matches("[data-zone]")) return { reasons: judgeZone(form.elements.timezone) };
    const { reasons, span } = judge.judgeWindow(readWindow(textsIn(wrapper)), zone());
    return { reasons: Object.values(reasons).flat(), span };
  }

  function showConditional() {
    if (!Object.keys(settings.conditions).length) return;
    const hidden = judge.hidden(Object.fromEntries(Array.from(wrappers.keys(), (name) => [name, raw(name)])), zone());
    for (const [name, wrapper] of wrappers) wrapper.hidden = hidden.has(name);
  }

  let quiet = 0;
  form.addEventListener("input", (event) => {
    const wrapper = event.target.closest?.(FIELDS);
    if (event.target.matches("[data-mode]")) {
      beginPart(wrapper, spans.get(wrapper));
      showParts(wrapper);
    }
    if (wrapper) look(wrapper, { isTold: false });
    for (const each of touchedBy(wrapper)) look(each, { isTold: false });
    showConditional();
    if (wrapper) measure(event);
    if (isPartOfSql(event.target)) askForSql();
  });

  /** Return the fields whose verdict another one decides too: all days by the zone, and those with a rule that names it. */
  function touchedBy(wrapper) {
    if (wrapper?.matches("[data-zone]")) return all.filter((one) => one.querySelector("[data-resolved]"));
    return wrapper?.dataset.parameter ? judge.followers(wrapper.dataset.parameter).map((name) => wrappers.get(name)) : [];
  }

  function askForSql() {
    document.getElementById("sql")?.setAttribute("data-stale", "");
    clearTimeout(quiet);
    quiet = setTimeout(() => document.body.dispatchEvent(new CustomEvent("form:changed")), QUIET);
  }

  form.addEventListener("focusout", (event) => {
    const wrapper = event.target.closest?.(FIELDS);
    if (!wrapper || wrapper.contains(event.relatedTarget)) return;
    left.add(wrapper);
    afterPress(() => look(wrapper, { isTold: true }));
  });

  form.addEventListener("submit", (event) => {
    const wish = event.submitter?.value;
    if (wish === INSTANCE) return;
    const faults = all.filter((one) => !one.hidden).flatMap((wrapper) => {
      if (wish === SAVE && look(wrapper, { isTold: false }).isEmpty) return [];
      return look(wrapper, { isTold: true }).reasons.map((reason) => ({ id: idOf(wrapper), title: titleOf(wrapper), reason }));
    });
    summarise(form.querySelector("[data-summary]"), faults);
    if (faults.length) event.preventDefault();
  });
  const leaving = watchLeaving(form);
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !form.matches("[data-steps]") || [INSTANCE, SAVE].includes(event.submitter?.value)) return;
    event.preventDefault();
    goOn(form, event.submitter, leaving);
  });
  document.addEventListener("keydown", (event) => {
    const button = event.key === "Enter" && document.getElementById(event.target.dataset?.enter);
    if (!button) return;
    event.preventDefault(); // else the first button of the form would do
    button.click();
  });
}

function idOf(wrapper) {
  if (wrapper.matches("[data-zone]")) return "timezone";
  return wrapper.dataset.parameter ? `p.${wrapper.dataset.parameter}` : "w.preset";
}

function titleOf(wrapper) {
  return wrapper.dataset.title ?? wrapper.querySelector("label, legend").textContent.trim();
}

function isPartOfSql(control) {
  return /^[pw]\.|^(?:timezone|instance_id)$/.test(control.name ?? "");
}

function append(area, texts, entries) {
  const there = new Set(entries.places(area.value).flatMap((piece) => entries.judge(piece.text) ?? []));
  area.value = [area.value.trimEnd(), ...texts.filter((text) => !there.has(text))].filter(Boolean).join("\n");
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
