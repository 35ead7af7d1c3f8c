// Buttons that copy what stands in a field: <button data-copy="id of the field">.
import { toast } from "./toasts.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  const field = button && document.getElementById(button.dataset.copy);
  if (!field) return;
  field.select();
  const isCopied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
  toast(isCopied ? { text: "Copied" } : { text: "The browser does not let pages copy. It is selected: press Ctrl C.", kind: "warning" });
});

document.addEventListener("focusin", (event) => event.target.matches?.("[data-select]") && event.target.select());
