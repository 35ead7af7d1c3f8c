// The field of the time zone: the names are the server's own list, beside it in the page.

import { isZone } from "./days.js";

/** Return the reasons against the name of a zone; nothing typed is none. */
export function judgeZone(control) {
  const name = control.value.trim();
  if (!name) return [];
  const names = Array.from(control.list?.options ?? [], (option) => option.value);
  if (names.includes(name)) return [];
  const near = names.find((one) => one.toLowerCase() === name.toLowerCase().replace(/\s+/g, "_")) ?? names.find((one) => one.toLowerCase().endsWith(`/${name.toLowerCase().replace(/\s+/g, "_")}`));
  if (near) return [`${JSON.stringify(name)} is not a time zone; did you mean ${near}?`];
  return isZone(name) ? [] : [`${JSON.stringify(name)} is not a time zone; give an IANA name such as Europe/Berlin or UTC`];
}
