// The words of a message, and how it shows a value: the same as the server's, sign by sign.

const SHOWN = 60;
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/u;

/** Put the value into the words at {value}, and others at the places of their names. */
export function fill(words, value, places = {}) {
  let text = words;
  for (const [name, content] of Object.entries(places)) text = text.replaceAll(`{${name}}`, () => String(content));
  return text.replaceAll("{value}", () => show(value));
}

/** Return the value as JSON, cut after 60 signs; those that cannot be seen are shown by number. */
export function show(value) {
  return shorten(Array.from(dump(cut(value)), visible).join(""));
}

function cut(value) {
  if (typeof value === "string") return Array.from(value.slice(0, 200)).slice(0, 100).join("");
  if (Array.isArray(value)) return value.slice(0, 100);
  return value;
}

function dump(value) {
  if (Array.isArray(value)) return `[${value.map(dump).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${dump(one)}`).join(", ")}}`;
}

function visible(sign) {
  if (sign === " " || !UNSEEN.test(sign)) return sign;
  const number = sign.codePointAt(0).toString(16);
  return number.length > 4 ? `\\U${number.padStart(8, "0")}` : `\\u${number.padStart(4, "0")}`;
}

function shorten(text) {
  const signs = Array.from(text);
  return signs.length <= SHOWN ? text : `${signs.slice(0, SHOWN - 1).join("")}…`;
}
