// Pasted lists: what is wrong or double is marked in the text itself, counted, and can be taken out at once.
//
// A mirror lies under the text, line by line with the same letters; only lines that changed are made anew, so that a
// thousand entries take no longer than one.

const SHOWN_FAULTS = 20;
const TITLES = { wrong: "wrong", double: "double" };

/** Make the marks of one pasted list; entries: of makeList. Returns {paint}. */
export function markPastes(wrapper, entries) {
  const area = wrapper.querySelector("textarea");
  const mirror = wrapper.querySelector("[data-mirror]");
  const counts = wrapper.querySelector("[data-counts]");
  let lines = [];
  let painted = null;
  let frame = 0;

  const follow = () => (mirror.scrollTop = area.scrollTop);
  area.addEventListener("scroll", follow, { passive: true });
  for (const button of wrapper.querySelectorAll("[data-remove]")) {
    button.addEventListener("click", () => remove(area, judged(area.value), button.dataset.remove));
  }

  function judged(text) {
    const seen = new Set();
    return entries.places(text).map((piece) => ({ ...piece, state: stateOf(entries.judge(piece.text), seen) }));
  }

  return {
    paint() {
      const text = area.value;
      if (text === painted) return;
      painted = text;
      const pieces = judged(text);
      const now = linesOf(text, pieces);
      repaint(mirror, lines, now);
      lines = now;
      tellCounts(counts, area, pieces);
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(follow); // asked at once, it would have the page laid out twice
    },
  };
}

function stateOf(items, seen) {
  if (items === null) return "wrong";
  const isDouble = items.length > 0 && items.every((item) => seen.has(item));
  for (const item of items) seen.add(item);
  return isDouble ? "double" : "";
}

/** Return the lines of a text, each with its marks: {text, marks: [[start, end, state]], key}. */
function linesOf(text, pieces) {
  const lines = [];
  let at = 0;
  let next = 0;
  for (const line of text.split("\n")) {
    const marks = [];
    for (; next < pieces.length && pieces[next].start < at + line.length; next++) {
      const { start, end, state } = pieces[next];
      if (state) marks.push([start - at, Math.min(end - at, line.length), state]);
    }
    lines.push({ text: line, marks, key: `${line}\n${marks.join(";")}` });
    at += line.length + 1;
  }
  return lines;
}

function repaint(mirror, before, now) {
  let top = 0;
  while (top < before.length && top < now.length && before[top].key === now[top].key) top++;
  let bottom = 0;
  while (bottom < Math.min(before.length, now.length) - top && before.at(-1 - bottom).key === now.at(-1 - bottom).key) bottom++;
  for (let gone = before.length - bottom - 1; gone >= top; gone--) mirror.children[gone].remove();
  const made = document.createDocumentFragment();
  for (const line of now.slice(top, now.length - bottom)) made.append(draw(line));
  mirror.insertBefore(made, mirror.children[top] ?? null);
}

function draw({ text, marks }) {
  const line = document.createElement("div");
  let at = 0;
  for (const [start, end, state] of marks) {
    const mark = Object.assign(document.createElement("mark"), { className: `is-${state}`, textContent: text.slice(start, end) });
    line.append(text.slice(at, start), mark);
    at = end;
  }
  line.append(text.slice(at) || "\u200b");
  return line;
}

function tellCounts(box, area, pieces) {
  const found = { all: pieces.length, wrong: 0, double: 0 };
  for (const { state } of pieces) if (state) found[state]++;
  put(box, "all", found.all ? `${found.all.toLocaleString("en")} in all` : "");
  for (const state of ["wrong", "double"]) {
    put(box, state, found[state] ? `${found[state].toLocaleString("en")} ${TITLES[state]}` : "");
    box.querySelector(`[data-remove="${state}"]`).hidden = !found[state];
  }
  listFaults(box.querySelector("[data-faults]"), area, pieces.filter(({ state }) => state));
}

function put(box, name, text) {
  const place = box.querySelector(`[data-count="${name}"]`);
  if (place.textContent !== text) place.textContent = text;
}

function listFaults(list, area, faults) {
  const key = faults.slice(0, SHOWN_FAULTS).map(({ text, start, state }) => `${start}${state}${text}`).join();
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.hidden = !faults.length;
  list.replaceChildren(...faults.slice(0, SHOWN_FAULTS).map((fault) => line(fault, area)));
}

function line({ text, start, end, state }, area) {
  const item = document.createElement("li");
  const shown = text.length > 40 ? `${text.slice(0, 39)}…` : text;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn-link", textContent: shown });
  button.addEventListener("click", () => {
    area.focus();
    area.setSelectionRange(start, end);
  });
  item.append(button, ` ${TITLES[state]}`);
  return item;
}

function remove(area, pieces, state) {
  let text = "";
  let at = 0;
  pieces.forEach((piece, place) => {
    text += area.value.slice(at, piece.start);
    const after = pieces[place + 1]?.start ?? area.value.length;
    if (piece.state !== state) text += area.value.slice(piece.start, after);
    at = after;
  });
  area.value = text.replace(/[\s,;]+$/, "");
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}
