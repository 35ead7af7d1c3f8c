// What the server takes for blanks around a number or a word; a browser's own idea differs a little.

const BLANK = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const AROUND = new RegExp(`^[${BLANK}]+|[${BLANK}]+$`, "g");

export const BLANKS = new RegExp(`[${BLANK}]+`, "g");
export const BLANKS_OR_HYPHENS = new RegExp(`[${BLANK}-]+`, "g");

/** Return the text without the blanks around it. */
export function strip(text) {
  return text.replace(AROUND, "");
}
