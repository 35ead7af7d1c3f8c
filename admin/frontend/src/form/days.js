// Days of the calendar, and the words that move on with today: what they mean, by the server's rules.

import { BLANKS, BLANKS_OR_HYPHENS, strip } from "./spaces.js";

const DAY = 86_400_000;
const LONGEST = 400;
const ISO = /^([12]\d{3}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?$/;
const LAST_DAYS = /^last_(\d{1,3})_days$/;
const RELATIVE = /^(?:today(?:-(\d{1,3}))?|yesterday)$/;
const TO_DATE = { mtd: "month", qtd: "quarter", ytd: "year" };
const PERIOD = /^(this|last)_(week|month|quarter|year)$/;

/** Return the day that it is in a zone at an instant, as YYYY-MM-DD. */
export function todayIn(zone, instant) {
  const found = Object.fromEntries(clockOf(zone).formatToParts(instant).map(({ type, value }) => [type, value]));
  return `${found.year}-${found.month}-${found.day}`;
}

/** Say whether the browser knows a zone. */
export function isZone(name) {
  return Boolean(name) && clockOf(name) !== null;
}

const clocks = new Map(); // to make one takes longer than all the rest of a verdict

function clockOf(zone) {
  if (!clocks.has(zone)) clocks.set(zone, makeClock(zone));
  return clocks.get(zone);
}

function makeClock(zone) {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  } catch {
    return null;
  }
}

/** Return a day as YYYY-MM-DD, or the keyword that the text breaks: pattern or calendar. */
export function readDay(text) {
  const found = ISO.exec(strip(text));
  if (!found) return { wrong: "pattern" };
  const [year, month, day] = found[1].split("-").map(Number);
  const made = new Date(Date.UTC(year, month - 1, day));
  const exists = made.getUTCMonth() === month - 1 && made.getUTCDate() === day;
  return exists ? { day: found[1] } : { wrong: "calendar" };
}

/** Return today, yesterday or today-N in its one spelling; null for anything else. */
export function readRelativeDay(text) {
  const found = RELATIVE.exec(text.toLowerCase().replace(BLANKS, ""));
  if (!found || !found[1]) return found && found[0];
  return Number(found[1]) ? `today-${Number(found[1])}` : "today";
}

/** Return the day that a relative one means. */
export function resolveRelativeDay(word, today) {
  return plus(today, word === "yesterday" ? -1 : -Number(word.split("-")[1] ?? 0));
}

/** Return an expression in its one spelling, or the keyword that it breaks: reach or expression. */
export function readExpression(text) {
  const word = strip(text).toLowerCase().replace(BLANKS_OR_HYPHENS, "_");
  const days = LAST_DAYS.exec(word);
  if (days) {
    const count = Number(days[1]);
    return count >= 1 && count <= LONGEST ? { word: `last_${count}_days` } : { wrong: "reach" };
  }
  const known = word === "today" || word === "yesterday" || word in TO_DATE || PERIOD.test(word);
  return known ? { word } : { wrong: "expression" };
}

/** Return {start, end} of the days that an expression means; both belong to it. */
export function resolveDays(word, today) {
  const days = LAST_DAYS.exec(word);
  if (days) return { start: plus(today, 1 - Number(days[1])), end: today };
  if (word === "today") return { start: today, end: today };
  if (word === "yesterday") return { start: plus(today, -1), end: plus(today, -1) };
  if (word in TO_DATE) return { start: first(TO_DATE[word], today, 0), end: today };
  const [, which, period] = PERIOD.exec(word);
  const offset = which === "this" ? 0 : -1;
  return { start: first(period, today, offset), end: plus(first(period, today, offset + 1), -1) };
}

/** Return the day that is so many days later. */
export function plus(day, days) {
  return iso(Date.parse(`${day}T00:00:00Z`) + days * DAY);
}

/** Return how many days there are, both ends counted. */
export function count(start, end) {
  return Math.round((Date.parse(`${end}T00:00:00Z`) - Date.parse(`${start}T00:00:00Z`)) / DAY) + 1;
}

function first(period, today, offset) {
  const date = new Date(`${today}T00:00:00Z`);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  if (period === "week") return plus(today, -((date.getUTCDay() + 6) % 7) + 7 * offset);
  if (period === "month") return iso(Date.UTC(year, month + offset, 1));
  if (period === "quarter") return iso(Date.UTC(year, month - (month % 3) + 3 * offset, 1));
  return iso(Date.UTC(year + offset, 0, 1));
}

function iso(milliseconds) {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
