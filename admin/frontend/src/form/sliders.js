// A slider and the number beside it say the same; arrow keys in the number go a step up or down.

export function makeSliders(form) {
  for (const slider of form.querySelectorAll("[data-slider]")) {
    const number = document.getElementById(slider.dataset.slider);
    slider.addEventListener("input", (event) => {
      event.stopPropagation();
      put(number, slider.value);
    });
    number.addEventListener("input", () => /^\d+(\.\d+)?$/.test(number.value.trim()) && (slider.value = number.value.trim()));
  }
  form.addEventListener("keydown", (event) => {
    const number = event.target;
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way || !number.dataset?.step || !/^-?\d+(\.\d+)?$/.test(number.value.trim())) return;
    event.preventDefault();
    const step = Number(number.dataset.step);
    const places = Math.max(...[number.dataset.step, number.value.trim()].map((text) => text.split(".")[1]?.length ?? 0));
    put(number, (Number(number.value) + way * step).toFixed(places));
  });
}

function put(number, text) {
  number.value = text;
  number.dispatchEvent(new Event("input", { bubbles: true }));
}
