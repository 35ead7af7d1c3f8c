// Values of the chosen instance: brands, campaigns and ASINs, searched by words or by a pattern with *.

const LISTS = { brand: "brands", campaign: "campaigns", asin: "asins" };
const MOST = 1000;
const PAGE = 100;

/** Return {items, total} of an instance's list, the heaviest first. */
export async function search(instance, list, { words = "", pattern = "", page = 1, limit = 20 }) {
  const query = new URLSearchParams({ instance_id: instance, page, limit });
  if (words) query.set("search", words.slice(0, 200));
  if (pattern) query.set("pattern", pattern.slice(0, 1000));
  const answer = await fetch(`/api/report-builder/metadata/${LISTS[list]}?${query}`, { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : { items: [], total: 0 };
}

/** Return the texts of all values that a pattern matches, at most a thousand. */
export async function everyMatch(instance, list, pattern) {
  const found = [];
  for (let page = 1; found.length < MOST; page++) {
    const { items, total } = await search(instance, list, { pattern, page, limit: PAGE });
    found.push(...items.map((item) => item.value));
    if (!items.length || found.length >= total) break;
  }
  return found.slice(0, MOST);
}

/** Return the pattern that a filter means to AMC: text anywhere, unless it has a sign for any characters of its own. */
export function patternOf(text) {
  const plain = text.trim().replaceAll("%", "*");
  return plain.includes("*") ? plain : `*${plain}*`;
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
