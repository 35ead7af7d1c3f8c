// Copies: the SQL, and the address of the form as it is filled in.

const LONGEST = 6000; // as the server's own limit, see admin/form/addresses.py

const TOO_MANY = "These values are too many for an address. Save them and share them instead.";
const OWN = /^(?:[pw]\..*|instance_id|name|description|timezone)$/s;

export function makeCopies(form) {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-link]");
    if (!button) return;
    if (button.dataset.copy) await copy(document.getElementById(button.dataset.copy).textContent, "The SQL is copied");
    else await copyLink(form);
  });
  const link = document.querySelector("[data-address]");
  for (const kind of ["pointerenter", "pointerdown", "focus", "contextmenu", "click"]) link?.addEventListener(kind, (event) => lead(event, form));
}

/** Let the link lead to what is typed by now, before anybody follows or copies it. */
function lead(event, form) {
  const address = addressOf(form);
  if (address.length <= LONGEST) event.currentTarget.href = address;
  else {
    event.currentTarget.removeAttribute("href"); // or it would share what was typed before
    if (event.type === "click") tell(TOO_MANY, "warning");
  }
}

async function copyLink(form) {
  const address = addressOf(form);
  if (address.length > LONGEST) tell(TOO_MANY, "warning");
  else await copy(address, "The address is copied");
}

/** Return the address that fills the form in so. */
export function addressOf(form) {
  const said = new URLSearchParams();
  const typed = new FormData(form);
  for (const name of new Set(typed.keys())) {
    if (!OWN.test(name)) continue;
    const texts = typed.getAll(name).filter(Boolean);
    if (texts.join() === "false,true") texts.shift(); // a switch that is on
    if (!texts.length && isSuggested(form, name)) texts.push(""); // else it would be suggested again
    for (const text of texts) said.append(name, text);
  }
  return `${location.origin}${location.pathname}?${said}`;
}

function isSuggested(form, name) {
  return Array.from(form.querySelectorAll("[data-suggested]")).some((one) => name === `p.${one.dataset.parameter}`);
}

async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
    tell(told, "success");
  } catch {
    tell("The browser does not let us copy. Select it and copy it by hand.", "warning");
  }
}

function tell(text, kind) {
  document.body.dispatchEvent(new CustomEvent("toast", { bubbles: true, detail: { text, kind } }));
}
