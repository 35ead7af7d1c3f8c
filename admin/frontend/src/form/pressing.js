// A message that appears between the two halves of a click would push the button from under the pointer.

let isPressed = false;
const waiting = [];

document.addEventListener("pointerdown", () => (isPressed = true), true);
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => {
    isPressed = false;
    setTimeout(() => waiting.splice(0).forEach((work) => work()));
  }, true);
}

/** Do it at once, or after the pointer that is down now has been lifted. */
export function afterPress(work) {
  if (isPressed) waiting.push(work);
  else work();
}
