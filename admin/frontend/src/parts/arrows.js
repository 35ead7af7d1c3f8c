// [data-arrows]: arrow keys walk through its links as they lie on the screen, Home and End to the first and the last.
const SIDEWAYS = { ArrowLeft: -1, ArrowRight: 1 };
const UPRIGHT = { ArrowUp: -1, ArrowDown: 1 };

document.addEventListener("keydown", (event) => {
  const grid = event.target.closest?.("[data-arrows]");
  if (!grid || event.ctrlKey || event.metaKey || event.altKey) return;
  const next = reached(event, [...grid.querySelectorAll("a[href]")]);
  if (!next) return;
  event.preventDefault();
  next.focus();
});

function reached({ key, target }, links) {
  if (key === "Home") return links[0];
  if (key === "End") return links.at(-1);
  if (key in SIDEWAYS) return links[links.indexOf(target) + SIDEWAYS[key]];
  return key in UPRIGHT ? nearest(target.getBoundingClientRect(), UPRIGHT[key], links) : undefined;
}

/** The link of the next row up or down that lies closest. */
function nearest(from, step, links) {
  const placed = links.map((link) => ({ link, box: link.getBoundingClientRect() }));
  const beyond = placed.filter(({ box }) => (box.top - from.top) * step > 1);
  const row = Math.min(...beyond.map(({ box }) => (box.top - from.top) * step));
  const inRow = beyond.filter(({ box }) => (box.top - from.top) * step < row + 1);
  return inRow.sort((a, b) => Math.abs(a.box.left - from.left) - Math.abs(b.box.left - from.left))[0]?.link;
}
