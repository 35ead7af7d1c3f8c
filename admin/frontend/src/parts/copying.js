// Buttons that copy the text of an element: <button data-copy="id" data-copied="what to say then">.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const source = button && document.getElementById(button.dataset.copy);
  if (!source) return;
  const isCopied = await navigator.clipboard?.writeText(source.textContent).then(
    () => true,
    () => false,
  );
  if (!isCopied) getSelection().selectAllChildren(source); // no leave to write: one key press is left to the reader
  const text = isCopied ? button.dataset.copied || "Copied" : "Selected; press Ctrl+C to copy";
  document.body.dispatchEvent(new CustomEvent("toast", { bubbles: true, detail: { text, kind: isCopied ? "success" : "" } }));
});
