// Fields in [data-for] that are not shown do not belong to what is chosen: a wrong value there must not keep a form from being sent.
document.addEventListener(
  "click",
  (event) => {
    const form = event.target.closest?.("button, input[type=submit]")?.form;
    for (const control of form?.elements ?? []) {
      const isUnseen = control.closest("[data-for]") && !control.checkVisibility();
      if (isUnseen && !control.validity.valid) control.value = control.defaultValue;
    }
  },
  true,
);
