// Swaps that keep what the reader does: focus, what is typed, what is unfolded. For htmx: hx-swap="morph" and "morph:innerHTML".
import htmx from "htmx.org";
import { Idiomorph } from "idiomorph";

const KEPT = new Set(["open", "data-color-mode"]);

const callbacks = {
  beforeAttributeUpdated: (name, node) => !(KEPT.has(name) && node.matches("details, dialog, html")),
  beforeNodeMorphed: (old, fresh) => !(fresh instanceof Element && fresh.hasAttribute("data-keep")),
};

/** Turn the inside of an element into this HTML, touching only what differs. */
export function morphInside(element, html) {
  Idiomorph.morph(element, html, { morphStyle: "innerHTML", ignoreActiveValue: true, callbacks });
}

htmx.defineExtension("morph", {
  isInlineSwap: (style) => style === "morph" || style === "morph:outerHTML",
  handleSwap(style, target, fragment) {
    if (!style.startsWith("morph")) return false;
    const morphStyle = style.endsWith("innerHTML") ? "innerHTML" : "outerHTML";
    const nodes = morphStyle === "outerHTML" ? fragment.children : [...fragment.childNodes];
    return Idiomorph.morph(target, nodes, { morphStyle, ignoreActiveValue: true, callbacks });
  },
});
