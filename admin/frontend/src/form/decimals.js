// Exact numbers: a limit or a step is never compared by floats.

import { strip } from "./spaces.js";

const NUMBER = /^([+-]?)(\d+(?:\.\d+)?|\.\d+)$/;
const MOST_DIGITS = 400;
const MOST_PLACES = 38;
const LARGEST = { units: 10n ** 37n, places: 0 };

/** Return {units, places} for a number as text, or the keyword that it breaks: type, maximum, minimum, places. */
export function readDecimal(text) {
  const found = text.length <= MOST_DIGITS && NUMBER.exec(strip(text));
  if (!found) return "type";
  const [whole, fraction = ""] = found[2].split(".");
  const kept = fraction.replace(/0+$/, "");
  const units = BigInt(whole + kept) * (found[1] === "-" ? -1n : 1n);
  const number = { units, places: kept.length };
  if (compare(number, LARGEST) > 0) return "maximum";
  if (compare({ units: -units, places: kept.length }, LARGEST) > 0) return "minimum";
  return kept.length > MOST_PLACES ? "places" : number;
}

/** Return how a stands to b: below, equal to or above 0. */
export function compare(a, b) {
  const [left, right] = level(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Return a number as people write it. */
export function write({ units, places }) {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, "0");
  const cut = digits.length - places;
  return `${units < 0n ? "-" : ""}${digits.slice(0, cut)}${places ? `.${digits.slice(cut)}` : ""}`;
}

/** Say whether a number lies on the scale that begins at one number and goes on by steps. */
export function isOnScale(number, from, step) {
  const [high, low] = level(number, from);
  const places = Math.max(number.places, from.places);
  const [way, stride] = level({ units: high - low, places }, step);
  return way % stride === 0n;
}

function level(a, b) {
  const places = Math.max(a.places, b.places);
  return [a, b].map((one) => one.units * 10n ** BigInt(places - one.places));
}
