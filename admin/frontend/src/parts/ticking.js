// Tables with boxes to tick: data-tick-all ticks all boxes of its table; data-ticked says how many are.
const ALL = "input[data-tick-all]";
const boxes = () => [...document.querySelectorAll('td.tick input[type="checkbox"]')];

function tell() {
  const ticked = boxes().filter((box) => box.checked).length;
  const all = document.querySelector(ALL);
  if (all) {
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
  }
  const told = document.querySelector("[data-ticked]");
  if (told) told.textContent = ticked === 0 ? "Ticked reports:" : `${ticked} ticked:`;
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.(ALL)) {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  if (event.target.closest?.("th.tick, td.tick")) tell();
});
document.addEventListener("htmx:afterSettle", tell);
document.addEventListener("live:changed", tell);
