// From what is typed to a value: one way for each kind, as the schema's x-reading names it.
//
// A way returns {empty: true}, {value}, or {reasons}. It holds the rules that JSON Schema cannot say; what the
// schema says is checked of the value afterwards, by checking.js. `rank` is what is compared with another field's.

import * as days from "./days.js";
import { compare, isOnScale, readDecimal } from "./decimals.js";
import { isText, makeList, readJson } from "./lists.js";
import { strip } from "./spaces.js";
import { fill } from "./words.js";

const MOST_SHOWN = 3;
const TRUE = ["true", "yes", "on", "1"];
const FALSE = ["false", "no", "off", "0"];
const EMPTY = { empty: true };

/** Make the reader of one field: (raw, today) => {empty} | {value} | {reasons}. */
export function makeReader(schema) {
  const make = WAYS[schema["x-reading"].as];
  const words = schema["x-messages"];
  const refuse = (keyword, value, places) => ({ reasons: [fill(words[keyword], value, places)] });
  return make(schema["x-reading"], refuse, schema);
}

function isNothing(raw) {
  return raw === undefined || raw === null || raw === "" || (isObject(raw) && !Object.keys(raw).length);
}

function isObject(raw) {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

function text(_reading, refuse, schema) {
  return (raw) => {
    if (isNothing(raw)) return EMPTY;
    const long = Array.from(raw).length;
    // as the server goes: a wrong length is told before a wrong sign, a wrong sign before a wrong form
    return isText(raw) || long < schema.minLength || long > schema.maxLength ? { value: raw } : refuse("characters", raw);
  };
}

function pattern(reading, refuse, schema) {
  const read = text(reading, refuse, schema);
  return (raw) => (isNothing(raw) || !raw.trim() ? EMPTY : read(raw.trim()));
}

function number(reading, refuse) {
  const [low, high] = [readDecimal(reading.min), readDecimal(reading.max)];
  const scale = reading.step && [readDecimal(reading.from), readDecimal(reading.step)];
  return (raw) => {
    if (isNothing(raw)) return EMPTY;
    const found = readDecimal(bare(raw, reading.suffix));
    if (typeof found === "string") return refuse(found, raw);
    if (reading.whole && found.places) return refuse("type", raw);
    if (compare(found, low) < 0) return refuse("minimum", raw);
    if (compare(found, high) > 0) return refuse("maximum", raw);
    if (scale && !isOnScale(found, ...scale)) return refuse("multipleOf", raw);
    return { value: Number(strip(bare(raw, reading.suffix))), isExact: found.units.toString().length <= 16, rank: found };
  };
}

function bare(raw, suffix) {
  const plain = String(raw);
  return suffix && strip(plain).endsWith(suffix) ? strip(plain).slice(0, -suffix.length) : plain;
}

function flag(_reading, refuse) {
  return (raw) => {
    if (isNothing(raw)) return EMPTY;
    const word = strip(String(raw)).toLowerCase();
    if (TRUE.includes(word)) return { value: true };
    return FALSE.includes(word) ? { value: false } : refuse("type", raw);
  };
}

function choice(_reading, refuse, schema) {
  const find = finder(schema.enum);
  return (raw) => {
    if (isNothing(raw)) return EMPTY;
    const found = find(raw);
    return found === undefined ? refuse("enum", raw) : { value: found };
  };
}

function choices(_reading, refuse, schema) {
  const find = finder(schema.items.enum);
  return (raw) => {
    if (isNothing(raw) || (Array.isArray(raw) && !raw.length)) return EMPTY;
    const read = readJson(raw);
    const given = Array.isArray(read) ? read : [read];
    const chosen = given.map(find);
    if (chosen.includes(undefined)) return refuse("enum", given[chosen.indexOf(undefined)]);
    return { value: [...new Set(chosen)] };
  };
}

function finder(options) {
  const known = new Map(options.map((option) => [option, option]));
  const spelled = new Map(options.toReversed().map((option) => [String(option).toLowerCase(), option]));
  return (raw) => known.get(raw) ?? (typeof raw === "string" ? spelled.get(strip(raw).toLowerCase()) : undefined);
}

function list(reading, refuse) {
  const entries = makeList(reading);
  return Object.assign((raw) => {
    const read = readJson(raw);
    if (isNothing(read) || ((typeof read === "string" || Array.isArray(read)) && entries.isEmpty(read))) return EMPTY;
    if (entries.isTooLong(read)) return refuse("maxItems", read);
    if (typeof read !== "string" && !Array.isArray(read)) return refuse("type", read);
    return readEntries(entries, entries.cut(read), refuse);
  }, { entries });
}

function readEntries(entries, given, refuse) {
  const items = new Set();
  const wrong = [];
  for (const entry of given) {
    const found = entries.judge(entry);
    if (found) for (const item of found) items.add(item);
    else wrong.push(entry);
  }
  if (!wrong.length) return { value: [...items] };
  const told = wrong.slice(0, MOST_SHOWN).flatMap((entry) => refuse("items", entry).reasons);
  return { reasons: wrong.length > MOST_SHOWN ? [...told, `… and ${wrong.length - MOST_SHOWN} more`] : told };
}

function presetOf(raw) {
  const read = readJson(raw);
  const isPreset = isObject(read) && Object.keys(read).join() === "preset" && typeof read.preset === "string";
  return isPreset ? read.preset : read;
}

function day(reading, refuse) {
  return (raw, today) => {
    if (isNothing(raw)) return EMPTY;
    const word = presetOf(raw);
    const relative = typeof word === "string" ? days.readRelativeDay(word) : null;
    if (relative) {
      const found = days.resolveRelativeDay(relative, today);
      return limit(found, word) ?? { value: relative, span: { start: found, end: found }, rank: found };
    }
    const read = typeof word === "string" ? days.readDay(word) : { wrong: "type" };
    return read.wrong ? refuse(read.wrong, word) : (limit(read.day, word) ?? { value: read.day, rank: read.day });

    function limit(found, shown) {
      return beyond(reading, found, today, shown, refuse);
    }
  };
}

function beyond(reading, found, today, shown, refuse) {
  if (reading.min && found < reading.min) return refuse("formatMinimum", shown);
  if (reading.max && found > reading.max) return refuse("formatMaximum", shown);
  return !reading.future && found > today ? refuse("future", shown, { today }) : null;
}

function range(reading, refuse) {
  return (raw, today) => {
    if (isNothing(raw)) return EMPTY;
    const given = presetOf(raw);
    if (typeof given === "string") return readWord(given, today);
    if (!isObject(given) || Object.keys(given).sort().join() !== "end,start") return refuse("anyOf", given);
    const [start, end] = [given.start, given.end].map((one) => (typeof one === "string" ? days.readDay(one) : { wrong: "type" }));
    if (start.wrong) return refuse(start.wrong, given.start);
    if (end.wrong) return refuse(end.wrong, given.end);
    if (end.day < start.day) return refuse("order", given, { start: start.day, end: end.day });
    const span = { start: start.day, end: end.day };
    return limit(span, given, today) ?? { value: span, span };
  };

  function readWord(text, today) {
    const read = days.readExpression(text);
    if (read.wrong) return refuse(read.wrong, text);
    const span = days.resolveDays(read.word, today);
    return limit(span, text, today) ?? { value: reading.word ? read.word : { preset: read.word }, span };
  }

  function limit(span, shown, today) {
    const wrong = beyond(reading, span.start, today, shown, refuse) ?? beyond(reading, span.end, today, shown, refuse);
    if (wrong) return wrong;
    const length = days.count(span.start, span.end);
    if (length < reading.minDays) return refuse("minDays", shown, { days: length });
    return reading.maxDays !== null && length > reading.maxDays ? refuse("maxDays", shown, { days: length }) : null;
  }
}

function nothing(_reading, refuse) {
  return (raw) => (isNothing(raw) || (Array.isArray(raw) && !raw.length) ? EMPTY : refuse("not", raw));
}

const WAYS = { text, pattern, number, flag, choice, choices, list, day, days: range, nothing };
