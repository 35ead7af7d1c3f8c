// Leaving the form: what is typed goes along by the buttons of the form; any other way asks first.

const WRONG = 422;
const SIGNED_OUT = 401;

/** Ask before a page with changes is left. Returns {allow}: the next leaving is meant. */
export function watchLeaving(form) {
  let isChanged = document.getElementById("outdated-head") !== null; // what is typed there is not saved
  let isMeant = false;
  form.addEventListener("input", () => (isChanged = true));
  form.addEventListener("submit", (event) => (isMeant = !event.defaultPrevented));
  document.addEventListener("click", (event) => event.target.closest?.("[data-leave]") && (isMeant = true), true);
  addEventListener("beforeunload", (event) => {
    if (!isChanged || isMeant) return;
    event.preventDefault();
    event.returnValue = true; // for browsers of before 2024
  });
  addEventListener("pageshow", () => (isMeant = false));
  return { allow: () => (isMeant = true) };
}

/**
 * Send the form for another step, so that going back by the browser leads to what was typed and not to an empty form.
 *
 * What does not go comes back as a page with its errors, which the browser fetches by itself.
 */
export async function goOn(form, submitter, leaving) {
  if (form.dataset.sending) return;
  form.dataset.sending = "1";
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form, submitter), headers: { "HX-Request": "true", "HX-Target": form.id } });
    if (answer.status === WRONG) {
      leaving.allow();
      sendPlainly(form, submitter);
    } else if (answer.ok) {
      leaving.allow();
      history.replaceState(history.state, "", answer.headers.get("HX-Replace-Url"));
      location.assign(answer.headers.get("HX-Redirect"));
    } else tell(said(answer) ?? `That did not work (${answer.status}). Nothing is lost here; try again.`);
  } catch {
    tell("The server does not answer. Nothing is lost here; try again.");
  } finally {
    delete form.dataset.sending;
  }
}

/** Return what an answer wants to be told. */
function said(answer) {
  if (answer.status === SIGNED_OUT) return "You are signed out. Sign in again in another tab; what is typed stays here.";
  const sent = answer.headers.get("HX-Trigger");
  return sent ? JSON.parse(sent).toast?.text : null;
}

function tell(text) {
  document.body.dispatchEvent(new CustomEvent("toast", { bubbles: true, detail: { text, kind: "danger" } }));
}

function sendPlainly(form, submitter) {
  const wish = Object.assign(document.createElement("input"), { type: "hidden", name: submitter?.name ?? "do", value: submitter?.value ?? "next" });
  form.append(wish);
  form.submit();
}
