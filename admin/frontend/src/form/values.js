// Values of the chosen instance: brands, campaigns and ASINs, searched by words or by a pattern with *.

const LISTS = { brand: "brands", campaign: "campaigns", asin: "asins" };
const PAGE = 100;
export const MOST = 1000; // that one list takes
export const UNFOUND = "The values of the instance cannot be looked up now. Type or paste them, or try again.";

/** Return {items, total} of an instance's list, the heaviest first; throws if it cannot be asked. */
export async function search(instance, list, { words = "", pattern = "", page = 1, limit = 20 }) {
  const query = new URLSearchParams({ instance_id: instance, page, limit });
  if (words) query.set("search", words.slice(0, 200));
  if (pattern) query.set("pattern", pattern.slice(0, 1000));
  const answer = await fetch(`/api/report-builder/metadata/${LISTS[list]}?${query}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(UNFOUND);
  return answer.json();
}

/** Return {texts, total} of the values that a pattern matches: the texts of the heaviest, at most a thousand. */
export async function everyMatch(instance, list, pattern) {
  const texts = [];
  for (let page = 1; ; page++) {
    const { items, total } = await search(instance, list, { pattern, page, limit: PAGE });
    texts.push(...items.map((item) => item.value));
    if (!items.length || texts.length >= Math.min(total, MOST)) return { texts: texts.slice(0, MOST), total };
  }
}

/** Say that all matches can be added, or how many of them. */
export function addAll(total, pattern) {
  const all = total > MOST ? `the first ${count(MOST)} of ${count(total)}` : total === undefined ? "all" : `all ${count(total)}`;
  return `Add ${all} that match ${pattern}`;
}

/** Return a number as people write it. */
export function count(number) {
  return number.toLocaleString("en");
}

/** Return the pattern that a filter means to AMC: text anywhere, unless it has a sign for any characters of its own. */
export function patternOf(text) {
  const plain = text.trim().replaceAll("%", "*");
  return plain.includes("*") ? plain : `*${plain}*`;
}

/** Return a function that says whether a text fits a pattern, capitals and all, as AMC's LIKE has it. */
export function fits(pattern) {
  const parts = pattern.trim().split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const whole = new RegExp(`^${parts.join(".*")}$`, "su");
  return (text) => whole.test(text);
}

/** Return a function that runs the last of many calls after a pause, and drops answers that come too late. */
export function afterPause(milliseconds, work) {
  let timer = 0;
  let call = 0;
  return (...given) => {
    clearTimeout(timer);
    const mine = ++call;
    timer = setTimeout(() => work(() => mine === call, ...given), milliseconds);
  };
}
