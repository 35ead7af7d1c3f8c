// What all pages load.
import "htmx.org";
import "./parts/morphing.js";
import "./parts/toasts.js";
import "./parts/menus.js";
import "./parts/dialogs.js";
import "./parts/copying.js";
import "./parts/arrows.js";
import "./parts/bars.js";
import "./parts/unseen.js";
import "./parts/palette.js";
import "./parts/shortcuts.js";
import "./parts/ticking.js";
import "./parts/sending.js";
import "./parts/appearance.js";
import { watch } from "./parts/live.js";

document.documentElement.dataset.script = "";
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) event.detail.headers["X-CSRF-Token"] = token;
});
watch();
