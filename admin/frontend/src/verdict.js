// The judge of forms alone, without a page: what form.js asks, and what tests ask to compare it with the server's.
export { makeForm } from "./form/checking.js";
export { readValue, readWindow } from "./form/controls.js";
export { inWords } from "./form/dates.js";
export { resolveDays } from "./form/days.js";
