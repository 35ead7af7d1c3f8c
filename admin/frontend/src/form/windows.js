// The wish for a time window: what it means, and what is wrong with it, by the server's rules.

import { plus, readDay, readExpression, resolveDays } from "./days.js";
import { strip } from "./spaces.js";
import { fill } from "./words.js";

const EDGE = /^([12]\d{3}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?)?$/;
const LONGEST = 400;
const LOOKBACK = 30;
const FULL = { last_full_day: "yesterday", last_full_week: "last_week", last_full_month: "last_month", last_full_quarter: "last_quarter" };

/** Make the judge of a window: (wish, zone, today) => {reasons: {part: [reason]}, span}. */
export function makeWindow(words, lagDays) {
  return (wish, zone, today) => {
    const given = Object.fromEntries(Object.entries(wish ?? {}).filter(([, value]) => value !== "" && value !== null && value !== undefined));
    return given.isFixed || given.start !== undefined || given.end !== undefined ? fixed(given, zone, today) : rolling(given, today);
  };

  function fixed(given, zone, today) {
    const [start, end] = ["start", "end"].map((key) => edge(given[key]));
    if (start.reason) return wrong("start", start.reason);
    if (end.reason) return wrong("end", end.reason);
    const [first, after] = [instant(start.edge, 0), instant(end.edge, 1)];
    if (after <= first) return wrong("end", fill(words.order, null, { start: start.edge, end: end.edge }));
    if (after > `${plus(today, 1)}T00:00:00`) return wrong("end", fill(words.future, null, { end: end.edge, today, zone }));
    const last = after.endsWith("T00:00:00") ? plus(after.slice(0, 10), -1) : after.slice(0, 10);
    return { reasons: {}, span: { start: first.slice(0, 10), end: last } };
  }

  function edge(value) {
    if (value === undefined) return { reason: words.missing };
    const found = EDGE.exec(strip(value));
    if (!found) return { reason: fill(words.pattern, value) };
    const [, day, time, seconds = ":00"] = found;
    const exists = !readDay(day).wrong && (!time || isTime(time + seconds));
    return exists ? { edge: time ? `${day}T${time}${seconds}` : day } : { reason: fill(words.calendar, value) };
  }

  function rolling(given, today) {
    const lag = counted(given.lag_days, lagDays, 0);
    if (lag.reason) return wrong("lag_days", lag.reason);
    const settled = plus(today, -lag.count);
    if (given.preset === undefined) return lookback(given, settled);
    const word = strip(given.preset).toLowerCase().replace(/[\s-]+/g, "_");
    if (word in FULL) return { reasons: {}, span: resolveDays(FULL[word], lag.count ? plus(settled, 1) : today) };
    const read = readExpression(given.preset);
    if (read.wrong) return wrong("preset", fill(words[read.wrong], given.preset));
    const span = resolveDays(read.word, settled);
    return { reasons: {}, span: { start: span.start, end: span.end < settled ? span.end : settled } };
  }

  function lookback(given, settled) {
    const days = counted(given.lookback_days, LOOKBACK, 1);
    if (days.reason) return wrong("lookback_days", days.reason);
    return { reasons: {}, span: { start: plus(settled, 1 - days.count), end: settled } };
  }

  function counted(value, otherwise, least) {
    if (value === undefined) return { count: otherwise };
    const isCount = /^\d{1,3}$/.test(strip(String(value)));
    const count = isCount ? Number(value) : -1;
    return count >= least && count <= LONGEST ? { count } : { reason: fill(words.days, isCount ? count : value, { least }) };
  }
}

function instant(edge, days) {
  return edge.includes("T") ? edge : `${plus(edge, days)}T00:00:00`;
}

function isTime(text) {
  const [hours, minutes, seconds] = text.split(":").map(Number);
  return hours < 24 && minutes < 60 && seconds < 60;
}

function wrong(part, reason) {
  return { reasons: { [part]: [reason] } };
}
