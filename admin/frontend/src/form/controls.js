// What is typed into the controls of a field, as the raw value that the server reads from the same names.

import { unquoted } from "./lists.js";

const LISTS = ["tags", "picker"];
const SEVERAL = ["checkboxes", "multiselect"];

/** Return the texts of the controls inside an element, by name; what is switched off counts for nothing. */
export function textsIn(element) {
  const texts = new Map();
  for (const control of element.querySelectorAll("[name]")) {
    if (control.disabled) continue;
    const isTick = control.type === "checkbox" || control.type === "radio";
    const found = control.multiple ? Array.from(control.selectedOptions, (one) => one.value) : isTick && !control.checked ? [] : [control.value];
    texts.set(control.name, [...(texts.get(control.name) ?? []), ...found]);
  }
  return texts;
}

/** Return the raw value of a parameter: of the controls named p.<name> and so on. */
export function readValue(name, widget, texts, reading) {
  const base = `p.${name}`;
  if (widget === "dates") return readDays(base, texts);
  if (widget === "date") return readDay(base, texts);
  if (SEVERAL.includes(widget)) return all(texts, base);
  if (LISTS.includes(widget)) return readList(base, texts, reading);
  return last(texts, base) || null;
}

/** Return the wish for a window; null for none. */
export function readWindow(texts) {
  const [preset, days, start, end, lag, zone] = ["preset", "days", "start", "end", "lag_days", "time_zone"].map((part) => last(texts, `w.${part}`));
  const kept = zone ? { time_zone: zone } : {};
  const settled = lag ? { ...kept, lag_days: lag } : kept;
  if (preset === "dates" || (!preset && (start || end))) return { start: start || undefined, end: end || undefined, isFixed: true, ...kept };
  if (preset === "last" || (!preset && days)) return { lookback_days: days || "0", ...settled };
  return preset ? { preset, ...settled } : Object.keys(settled).length ? settled : null;
}

function readDays(base, texts) {
  const [preset, start, end, days] = ["preset", "start", "end", "days"].map((part) => last(texts, `${base}.${part}`));
  if (preset === "dates" || (!preset && (start || end))) return { start: start ?? "", end: end ?? "" };
  if (preset === "last" || (!preset && days)) return { preset: `last_${days || 0}_days` };
  return preset ? { preset } : last(texts, base) || null;
}

function readDay(base, texts) {
  const [preset, day, days] = ["preset", "day", "days"].map((part) => last(texts, `${base}.${part}`));
  if (preset === "day" || (!preset && day)) return day ?? "";
  if (preset === "ago" || (!preset && days)) return `today-${days ?? ""}`;
  return preset || last(texts, base) || null;
}

function readList(base, texts, reading) {
  const items = all(texts, base);
  const pasted = last(texts, `${base}.text`);
  if (!items || !pasted) return items ?? (pasted || null);
  return [...items, ...unquoted(pasted, reading)];
}

function all(texts, name) {
  const found = (texts.get(name) ?? []).filter(Boolean);
  return found.length ? found : null;
}

function last(texts, name) {
  return texts.get(name)?.at(-1);
}
