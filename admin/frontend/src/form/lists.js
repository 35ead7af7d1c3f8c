// Lists: how a paste is cut into pieces, and what each piece is; verdicts are kept by the text of a piece.

import { readDecimal } from "./decimals.js";

const MOST_PASTED = 200_000;
const MOST_CHARACTERS = 10_000;
const ASIN = /^[A-Z0-9]{10}$/;
const QUOTED_LIST = /^\s*'(?:[^']|'')*'(?:\s*,\s*'(?:[^']|'')*')*\s*$/;
const AT_BLANKS = /[^\s,;]+/g;

/** Return the text without blanks and whole pairs of single quotes around it. */
export function unquote(text) {
  let bare = text.trim();
  if (length(bare) > MOST_CHARACTERS) return bare;
  while (bare.length > 1 && bare.startsWith("'") && bare.endsWith("'")) {
    bare = bare.slice(1, -1).replaceAll("''", "'").trim();
  }
  return bare;
}

/** Return what a text holds if it is a JSON object or list, else the text. */
export function readJson(value) {
  if (typeof value !== "string" || !/^[{[]/.test(value.trim())) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Make the reader of a list's entries: {isEmpty, cut, read}, by the way that the schema tells. */
export function makeList(reading) {
  const verdicts = new Map();
  let last = { text: "", pieces: [] }; // several ask for the pieces of the same text at each key
  const read = { asin: readAsin, integer: readInteger, string: readText }[reading.item];

  function judge(entry) {
    if (typeof entry !== "string") return read(entry);
    let verdict = verdicts.get(entry);
    if (verdict === undefined) verdicts.set(entry, (verdict = read(entry)));
    return verdict;
  }

  function places(text) {
    if (text !== last.text) last = { text, pieces: cut(text, reading) };
    return last.pieces;
  }

  return {
    isEmpty: (value) => (typeof value === "string" ? value.length <= MOST_PASTED && !places(value).length : !value.length),
    isTooLong: (value) => typeof value === "string" && length(value) > MOST_PASTED,
    cut: (value) => (typeof value === "string" ? places(value).map((piece) => piece.text) : value),
    places,
    judge,
  };
}

/** Return the texts of a paste's pieces. */
export function unquoted(text, reading) {
  return cut(text, reading).map((piece) => piece.text);
}

/** Return the pieces of a paste: {text, start, end}, the last two in the paste itself. */
function cut(text, reading) {
  if (reading.split === "asins") return pieces(text, AT_BLANKS);
  if (reading.split === "names" && QUOTED_LIST.test(text)) return pieces(text, /'(?:[^']|'')*'/g);
  const inside = reading.separators.replace(/[\\\]^-]/g, "\\$&");
  return pieces(text, new RegExp(`(?:'(?:[^']|'')*'|[^${inside}])+`, "g"));
}

function pieces(text, pattern) {
  const found = [];
  for (const match of text.matchAll(pattern)) {
    const bare = unquote(match[0]);
    if (bare) found.push({ text: bare, start: match.index, end: match.index + match[0].length });
  }
  return found;
}

// Each reader returns the items that one entry holds, or null if it does not fit.

function readAsin(entry) {
  if (typeof entry !== "string") return null;
  const ids = pieces(entry, AT_BLANKS).map((piece) => piece.text.toUpperCase());
  return ids.every((id) => ASIN.test(id)) ? ids : null;
}

function readInteger(entry) {
  const text = typeof entry === "number" && Number.isInteger(entry) ? String(entry) : entry;
  const number = typeof text === "string" ? readDecimal(unquote(text)) : "type";
  if (typeof number === "string" || number.places) return null;
  const safe = Number(number.units);
  return [Number.isSafeInteger(safe) ? safe : number.units.toString()];
}

function readText(entry) {
  const text = typeof entry === "number" && Number.isInteger(entry) ? String(entry) : entry;
  if (typeof text !== "string" || length(text) > MOST_CHARACTERS || !isText(text)) return null;
  const bare = unquote(text);
  return /[^'\s]/.test(bare) ? [bare] : [];
}

/** Say whether SQL can hold the text: no NUL, no lone surrogate. */
export function isText(text) {
  return !text.includes("\0") && !/\p{Surrogate}/u.test(text);
}

/** Return how many characters it has, as the server counts them. */
export function length(text) {
  return text.length <= MOST_CHARACTERS ? text.length : Array.from(text).length;
}
