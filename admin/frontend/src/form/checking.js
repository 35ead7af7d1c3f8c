// Judges what is typed, field by field, by the JSON Schema of the form: the same verdicts and words as the server's.

import { Validator } from "@cfworker/json-schema";
import { findHidden } from "./conditions.js";
import { isZone, todayIn } from "./days.js";
import { compare, write } from "./decimals.js";
import { makeReader } from "./readings.js";
import { makeWindow } from "./windows.js";
import { fill } from "./words.js";

export const WINDOW = "time_window";
const DRAFT = "2020-12";
// what the server looks at first is told first
const ORDER = ["type", "minLength", "maxLength", "pattern", "enum", "minimum", "maximum", "multipleOf", "minItems", "maxItems", "anyOf"];

/** Make the judge of a form. conditions: {field: {other: [values]}}; asOf: the instant of the page. */
export function makeForm({ schema, conditions = {}, asOf, lagDays = 14 }) {
  const opened = performance.now();
  const now = () => new Date(asOf.getTime() + performance.now() - opened); // a page may lie open over midnight
  const fields = new Map();
  for (const [name, described] of Object.entries(schema.properties)) {
    if (name !== WINDOW) fields.set(name, makeField(described, schema.required.includes(name), schema));
  }
  const window = schema.properties[WINDOW] && makeWindow(schema.properties[WINDOW]["x-messages"], lagDays);

  return {
    fields,
    /** Return {value, reasons, span} of one field. */
    judgeField(name, raw, zone) {
      return fields.get(name).judge(raw, todayIn(zone, now()));
    },
    /** Return {reasons} by the rule of a field that names another one; raw(name): what is typed, null for what is hidden. */
    judgePair(name, raw, zone) {
      const today = todayIn(zone, now());
      const other = fields.get(name).described["x-reading"].notBelow;
      const [own, least] = [name, other].map((one) => fields.get(one)?.stand(raw(one), today));
      if (!own || !least || isOrdered(least, own)) return { reasons: [] };
      const places = { own: plain(own), other: plain(least), title: fields.get(other).described.title };
      return { reasons: [fill(fields.get(name).described["x-messages"].not_below, null, places)] };
    },
    /** Return the names of the fields whose rule names a field. */
    followers(name) {
      return [...fields].filter(([, { described }]) => described["x-reading"].notBelow === name).map(([follower]) => follower);
    },
    /** Return {reasons: {part: [reason]}, span} of a wish for a window, which may have a zone of its own. */
    judgeWindow(wish, zone) {
      const own = isZone(wish?.time_zone) ? wish.time_zone : zone;
      return window(wish, own, todayIn(own, now()));
    },
    /** Return the names of the fields that do not show with these raw values. */
    hidden(raw, zone) {
      const today = todayIn(zone, now());
      return findHidden(conditions, (name) => {
        const { value, reasons } = fields.get(name).judge(raw[name], today);
        const isWrong = reasons.length > 0 && value === undefined && !fields.get(name).isMissing(raw[name], today);
        return { isWrong, value: value ?? schema.properties[name].default };
      }, (name) => schema.properties[name].default);
    },
    /** Return the reasons against a whole form by field; fields that nothing is wrong with are left out. */
    judge(raw, zone) {
      const hidden = this.hidden(raw, zone);
      const wrong = {};
      for (const [name] of fields) {
        const { reasons } = hidden.has(name) ? { reasons: [] } : this.judgeField(name, raw[name], zone);
        if (reasons.length) wrong[name] = reasons;
      }
      const own = new Set(Object.keys(wrong));
      for (const [name] of fields) {
        const { reasons } = hidden.has(name) || own.has(name) ? { reasons: [] } : this.judgePair(name, (one) => (hidden.has(one) ? null : raw[one]), zone);
        if (reasons.length) wrong[name] = reasons;
      }
      for (const name of Object.keys(raw)) {
        if (!fields.has(name) && name !== WINDOW) wrong[name] = [schema["x-messages"].additionalProperties];
      }
      return wrong;
    },
  };
}

function makeField(described, isRequired, schema) {
  const read = makeReader(described);
  const check = makeCheck(described);
  const missing = described["x-messages"].required ?? schema["x-messages"].required;
  const spanOfDefault = (today) => (described.default === undefined ? undefined : read(described.default, today).span);
  return {
    described,
    isRequired,
    entries: read.entries,
    isMissing: (raw, today) => Boolean(read(raw, today).empty),
    /** Return what is compared with another field: of what is typed, else of the default; nothing if that is wrong. */
    stand(raw, today) {
      const { rank, reasons, isEmpty } = this.judge(raw, today);
      if (isEmpty) return described.default === undefined ? undefined : read(described.default, today).rank;
      return reasons.length ? undefined : rank;
    },
    judge(raw, today) {
      const found = read(raw, today);
      if (found.empty) return { value: undefined, reasons: isRequired ? [missing] : [], isEmpty: true, span: spanOfDefault(today) };
      if (found.reasons) return { value: undefined, reasons: found.reasons };
      const reasons = check(found, raw);
      return reasons.length ? { value: undefined, reasons } : { value: found.value, reasons, span: found.span, rank: found.rank };
    },
  };
}

function isOrdered(a, b) {
  return typeof a === "string" ? a <= b : compare(a, b) <= 0;
}

function plain(rank) {
  return typeof rank === "string" ? rank : write(rank);
}

function makeCheck(described) {
  // Entries of lists have been judged one by one, and each only once: to do it again for a thousand takes a frame.
  const { items, uniqueItems, ...rest } = described;
  const validator = new Validator(described["x-reading"].as === "list" ? rest : described, DRAFT, false);
  return (found, raw) => {
    if (found.isExact === false) return [];
    const { valid, errors } = validator.validate(found.value);
    if (valid) return [];
    const keywords = errors.filter((error) => error.instanceLocation === "#").map((error) => error.keyword);
    const keyword = ORDER.find((one) => keywords.includes(one)) ?? "type";
    return [fill(described["x-messages"][keyword], told(described, found, raw))];
  };
}

// The server shows of a list what it has read, of anything else what was typed.
function told(described, found, raw) {
  return described["x-reading"].as === "list" ? found.value : raw;
}
