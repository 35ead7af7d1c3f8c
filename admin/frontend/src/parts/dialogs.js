// Links with data-dialog open what their plain href shows, as a dialog over the page; data-close closes; data-confirm asks first.
import htmx from "htmx.org";

const place = () => document.getElementById("dialog");

/** Show what is at an address of ours in the dialog. */
export async function openDialog(href) {
  await htmx.ajax("GET", href, { target: "#dialog", swap: "innerHTML" });
  if (place().childElementCount && !place().open) show(place());
}

function show(dialog) {
  const before = document.activeElement;
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
  dialog.addEventListener("close", () => giveBack(before), { once: true });
}

function giveBack(element) {
  if (!element?.isConnected) return;
  const menu = element.closest("details:not([open])");
  (menu?.querySelector("summary") ?? element).focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-dialog]");
  if (link && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    openDialog(link.href);
  }
  if (event.target.closest?.("[data-close]") && event.target.closest("dialog")) {
    event.preventDefault();
    event.target.closest("dialog").close();
  }
  if (event.target.matches?.("dialog[data-light]")) event.target.close();
});

place()?.addEventListener("close", () => place().replaceChildren());

function asked(text, whenYes) {
  const dialog = document.getElementById("confirm");
  dialog.querySelector("[data-text]").textContent = text;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && whenYes(), { once: true });
  show(dialog);
}

document.addEventListener("submit", (event) => {
  const text = (event.submitter?.dataset.confirm || event.target.dataset.confirm) ?? "";
  if (!text || event.target.matches("[data-agreed]") || event.target.matches("[hx-post], [hx-get], [hx-delete]")) return;
  event.preventDefault();
  const { target: form, submitter } = event;
  asked(text, () => {
    form.dataset.agreed = "";
    form.requestSubmit(submitter);
    delete form.dataset.agreed;
  });
});

document.addEventListener("htmx:confirm", (event) => {
  const text = event.detail.question || event.detail.elt.dataset.confirm || event.detail.triggeringEvent?.submitter?.dataset.confirm;
  if (!text) return;
  event.preventDefault();
  asked(text, () => event.detail.issueRequest(true));
});
