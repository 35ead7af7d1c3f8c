// What is wrong is told at the field, tied to its controls for screen readers, and in a list above the form.

/** Show the reasons at a field, or take them away. */
export function tell(wrapper, reasons) {
  const list = wrapper.querySelector("ul.errors");
  const before = Array.from(list.children, (one) => one.textContent);
  if (before.length === reasons.length && before.every((text, place) => text === reasons[place])) return;
  list.replaceChildren(...reasons.map((reason) => Object.assign(document.createElement("li"), { textContent: reason })));
  for (const control of wrapper.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (control.closest("[data-finder]")) continue; // what is looked for there is not what is wrong
    if (reasons.length) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    describe(control, list.id, reasons.length > 0);
  }
}

function describe(control, id, isWrong) {
  const ids = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  if (isWrong) ids.push(id);
  if (ids.length) control.setAttribute("aria-describedby", ids.join(" "));
  else control.removeAttribute("aria-describedby");
}

/** Show all that is wrong above the form, each with a link to its field; faults: [{id, title, reason}]. */
export function summarise(box, faults) {
  box.hidden = faults.length === 0;
  box.querySelector("ul").replaceChildren(...faults.map(line));
  if (faults.length) box.focus();
}

function line({ id, title, reason }) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: `#${id}`, textContent: title });
  item.append(link, `: ${reason}`);
  return item;
}

/** Let links to a field lead to its first control that can be used, also where a list of entries stands in its place. */
export function followLinks(root) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const target = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!target?.closest("#report-form")) return;
    event.preventDefault();
    target.closest("details")?.setAttribute("open", "");
    const control = target.tomselect?.control_input ?? target;
    control.focus();
    control.scrollIntoView({ block: "center" });
  });
}
