// Short notes in a polite live region; they never take the focus, and wait while they are read.
const SHOWN = 6000;
const SHOWN_WITH_ACTION = 12000;

/** Show a note, once while it stands there. kind: "" | "success" | "warning" | "danger". action: {label, href, apart} or {label, post, fields}. */
export function toast({ text, kind = "", action = null }) {
  const region = document.getElementById("toasts");
  if (!region || !text || [...region.querySelectorAll("[data-text]")].some((told) => told.textContent === text)) return;
  const shown = document.getElementById("toast-pattern").content.firstElementChild.cloneNode(true);
  if (kind) shown.dataset.kind = kind;
  shown.querySelector("[data-text]").textContent = text;
  if (action) shown.querySelector("[data-action]").replaceWith(actionOf(action));
  else shown.querySelector("[data-action]").remove();
  shown.querySelector("[data-dismiss]").addEventListener("click", () => shown.remove());
  region.append(shown);
  letGo(shown, kind, action);
}

function letGo(shown, kind, action) {
  if (kind === "danger") return;
  let left = setTimeout(() => shown.remove(), action ? SHOWN_WITH_ACTION : SHOWN);
  const hold = () => clearTimeout(left);
  const go = () => {
    hold();
    left = setTimeout(() => shown.remove(), SHOWN);
  };
  for (const [event, act] of [["mouseenter", hold], ["focusin", hold], ["mouseleave", go], ["focusout", go]]) {
    shown.addEventListener(event, act);
  }
}

function actionOf({ label, href, post, fields = {}, apart = false }) {
  if (href) {
    const link = document.createElement("a");
    link.href = href;
    if (apart) link.target = "_blank";
    link.textContent = label;
    return link;
  }
  const form = document.createElement("form");
  form.method = "post";
  form.action = post;
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  for (const [name, value] of Object.entries({ csrf_token: token, ...fields })) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  const button = document.createElement("button");
  button.className = "btn-link";
  button.textContent = label;
  form.append(button);
  return form;
}

document.addEventListener("toast", (event) => toast(event.detail.value ?? event.detail));
document.addEventListener("htmx:sendError", () => toast({ text: "The server does not answer. Try again in a moment.", kind: "danger" }));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Trigger")) return;
  toast({ text: `That did not work (${event.detail.xhr.status}). Load the page again.`, kind: "danger" });
});
