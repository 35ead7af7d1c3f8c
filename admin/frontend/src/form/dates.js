// Controls for days: only the parts that the chosen way needs, and beneath them the days that are meant.

import { count, plus } from "./days.js";

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Show the parts that the chosen way needs, and switch the others off. */
export function showParts(wrapper) {
  const mode = wrapper.querySelector("[data-mode]");
  for (const part of wrapper.querySelectorAll("[data-part]")) {
    part.hidden = part.dataset.part !== mode?.value;
    for (const control of part.querySelectorAll("input")) control.disabled = part.hidden;
  }
}

const USUAL = { last: "30", ago: "7" };

/** Begin a part that is still empty with what was meant before, or with what is usual, so that nothing is wrong at once. */
export function beginPart(wrapper, span) {
  const mode = wrapper.querySelector("[data-mode]").value;
  const [days, start, end, day] = ["days", "start", "end", "day"].map((part) => wrapper.querySelector(`[name$=".${part}"]`));
  if (mode in USUAL && !days.value) days.value = USUAL[mode];
  if (mode === "dates" && span && !start.value && !end.value) [start.value, end.value] = edges(span, start.type);
  if (mode === "day" && span && !day.value) day.value = span.start;
}

function edges({ start, end }, type) {
  return type === "datetime-local" ? [`${start}T00:00`, `${plus(end, 1)}T00:00`] : [start, end];
}

/** Say which days are meant; span: {start, end}, or nothing. */
export function say(wrapper, span) {
  const text = inWords(span, wrapper.dataset.widget);
  const place = wrapper.querySelector("[data-resolved]");
  if (place && place.textContent !== text) place.textContent = text;
}

/** Return the days of a span in words, one day of a field that asks for just one. */
export function inWords(span, widget) {
  if (!span) return "";
  return widget === "date" ? day(span.start) : words(span);
}

function words({ start, end }) {
  if (start === end) return `${day(start)}, 1 day`;
  return `${day(start)} to ${day(end)}, ${count(start, end)} days`;
}

function day(iso) {
  const date = new Date(`${iso}T00:00:00Z`);
  return `${WEEKDAYS[date.getUTCDay()]} ${iso.slice(8)} ${MONTHS[date.getUTCMonth()]} ${iso.slice(0, 4)}`;
}
