// The pages without reloading. Without this script every link and form works as it is.
import "./suggest.js";
import "./answer.js";
import "./typing.js";
import { arrived } from "./swap.js";

const $ = (selector) => document.querySelector(selector);

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (slash || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey)) {
    event.preventDefault();
    $("#q").focus();
    $("#q").select();
  } else if (event.key === "Escape") {
    $("#look [data-close]")?.click();
  }
});

document.addEventListener("click", ({ target }) => {
  const menu = $(".menu");
  if (menu && !menu.contains(target)) {
    menu.open = false;
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
    button.textContent = document.body.dataset.copied;
  }
});

document.addEventListener("change", (event) => {
  if (event.target.id === "theme") {
    document.documentElement.dataset.theme = event.target.value;
    try {
      localStorage.setItem("lectures-theme", event.target.value);
    } catch {
      // it holds for this page alone
    }
  }
});

document.addEventListener("arrived", () => {
  $("#theme").hidden = false;
  $("#theme").value = document.documentElement.dataset.theme;
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
  }
  for (const button of document.querySelectorAll("form[data-submit] button")) {
    button.hidden = true;
  }
});
arrived();
