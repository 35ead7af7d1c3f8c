// A slider and the number beside it say the same; arrow keys in the number go a step up or down.

const NUMBER = /^-?\d+(\.\d+)?$/;

export function makeSliders(form) {
  for (const slider of form.querySelectorAll("[data-slider]")) {
    const number = document.getElementById(slider.dataset.slider);
    slider.addEventListener("input", (event) => {
      event.stopPropagation();
      put(number, slider.value);
    });
    number.addEventListener("input", () => NUMBER.test(number.value.trim() || slider.dataset.default) && (slider.value = number.value.trim() || slider.dataset.default));
  }
  form.addEventListener("keydown", (event) => {
    const number = event.target;
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!way || !number.dataset?.step || !NUMBER.test(number.value.trim())) return;
    event.preventDefault();
    const step = Number(number.dataset.step);
    const places = Math.max(...[number.dataset.step, number.value.trim()].map((text) => text.split(".")[1]?.length ?? 0));
    const next = Number(number.value) + way * step;
    const { min, max } = number.dataset;
    if ((way > 0 && max && next > Number(max)) || (way < 0 && min && next < Number(min))) return;
    put(number, next.toFixed(places));
  });
}

function put(number, text) {
  number.value = text;
  number.dispatchEvent(new Event("input", { bubbles: true }));
}
