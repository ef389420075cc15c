// The theme that was chosen in this browser, before anything is drawn.
"use strict";
try {
  document.documentElement.dataset.theme = localStorage.getItem("lectures-theme") ?? "";
} catch {
  // a browser that keeps nothing follows the system
}
