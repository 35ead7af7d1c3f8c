// Controls for days: only the parts that the chosen way needs, and beneath them the days that are meant.

import { count } from "./days.js";

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

/** Say which days are meant; span: {start, end}, or nothing. */
export function say(wrapper, span) {
  const text = span ? words(span) : "";
  const place = wrapper.querySelector("[data-resolved]");
  if (place && place.textContent !== text) place.textContent = text;
}

function words({ start, end }) {
  if (start === end) return `${day(start)}, 1 day`;
  return `${day(start)} to ${day(end)}, ${count(start, end)} days`;
}

function day(iso) {
  const date = new Date(`${iso}T00:00:00Z`);
  return `${WEEKDAYS[date.getUTCDay()]} ${iso.slice(8)} ${MONTHS[date.getUTCMonth()]} ${iso.slice(0, 4)}`;
}
