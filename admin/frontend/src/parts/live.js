// Regions that ask again for their inside: <div id data-live="/url" data-live-every="2">. Answers 204 and 304 mean that nothing has changed.
import htmx from "htmx.org";
import { morphInside } from "./morphing.js";

const SLOWEST = 15_000;
const SLOWER = 1.5;
const SHARE = 20; // of the time between two questions an answer may take one part: a server that has much to do is asked less
const SPREAD = 0.25; // up to so much sooner or later, or pages that have waited for the same thing would ask in step
const STOP = 286;
const BUSY = 'input:not([type="checkbox"], [type="radio"], [type="hidden"], [type="submit"], [type="button"]), textarea, select, [contenteditable]';
const regions = new Map();
let isSignedOut = false;

/** Begin to poll all regions that are new, and forget those that have gone. */
export function watch() {
  for (const [element, state] of regions) {
    if (!element.isConnected || !element.dataset.live) {
      clearTimeout(state.timer);
      regions.delete(element);
    }
  }
  for (const element of document.querySelectorAll("[data-live]")) {
    if (!regions.has(element)) begin(element);
  }
}

/** Ask one region at once, as after an action of the reader; without an element, all. */
export function refresh(element) {
  for (const [each, state] of regions) {
    if (element && each !== element) continue;
    state.wait = state.fastest;
    plan(each, state, 0);
  }
}

function begin(element) {
  const fastest = Number(element.dataset.liveEvery || 2) * 1000;
  const state = { fastest, wait: fastest, tag: "", timer: 0 };
  regions.set(element, state);
  plan(element, state, state.wait);
}

function plan(element, state, wait) {
  clearTimeout(state.timer);
  const spread = 1 + SPREAD * (2 * Math.random() - 1);
  state.timer = setTimeout(() => ask(element, state), wait * spread);
}

function isRead(element) {
  const focused = document.activeElement;
  const types = focused && element.contains(focused) && focused.matches(BUSY);
  return types || element.querySelector("details[data-menu][open], dialog[open]") !== null;
}

async function ask(element, state) {
  if (!element.isConnected) return watch();
  if (document.hidden || isRead(element)) return plan(element, state, state.wait);
  const began = performance.now();
  const isNew = await look(element, state).catch(() => false);
  const least = Math.min((performance.now() - began) * SHARE, 4 * SLOWEST);
  if (isNew === STOP) {
    regions.delete(element);
    element.removeAttribute("data-live");
    return undefined;
  }
  state.wait = isNew ? state.fastest : Math.min(state.wait * SLOWER, Math.max(SLOWEST, state.fastest));
  return plan(element, state, Math.max(state.wait, least));
}

async function look(element, state) {
  const headers = { "HX-Request": "true", "HX-Target": element.id, "X-Polling": "1", Accept: "text/html" };
  if (state.tag) headers["If-None-Match"] = state.tag;
  const answer = await fetch(element.dataset.live, { headers, redirect: "manual", cache: "no-store" });
  if (answer.status === 404 || answer.type === "opaqueredirect") return STOP;
  if (answer.status === 401 && !isSignedOut) tell(answer); // once; who signs in again in another tab goes on here
  isSignedOut = answer.status === 401;
  if (!answer.ok || answer.status === 204) return false;
  state.tag = answer.headers.get("ETag") ?? "";
  const html = await answer.text();
  if (isRead(element)) {
    state.tag = "";
    return false;
  }
  const before = element.innerHTML;
  morphInside(element, html);
  htmx.process(element);
  tell(answer);
  const isNew = element.innerHTML !== before;
  if (isNew) element.dispatchEvent(new CustomEvent("live:changed", { bubbles: true }));
  return answer.status === STOP ? STOP : isNew;
}

function tell(answer) {
  const sent = answer.headers.get("HX-Trigger");
  if (!sent?.startsWith("{")) return;
  for (const [name, detail] of Object.entries(JSON.parse(sent))) {
    document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }
}

document.addEventListener("visibilitychange", () => document.hidden || refresh());
document.addEventListener("htmx:afterSettle", watch);
document.addEventListener("live:changed", watch);
document.addEventListener("live:refresh", () => refresh());
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && event.detail.requestConfig.verb !== "get") refresh();
});
