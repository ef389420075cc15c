// What stands in the box after a pause → its results beneath, where a list is shown anyway. The header is not touched,
// and the start stays the start until Enter: the box does not move, focus, caret and suggestions stay. Searching so is
// a help: where it fails, Enter searches as ever.
import { arrived, bring, chooseAsSent, isFetching, morph } from "./swap.js";

const PAUSE_MS = 150; // between two keys of somebody who types on

const $ = (selector, root = document) => root.querySelector(selector);
const sparing = matchMedia("(prefers-reduced-data: reduce)").matches || navigator.connection?.saveData;
let waiting = null;
let asking = null;

function stop() {
  clearTimeout(waiting);
  asking?.abort();
}

// What is looked at stays open, and a player running, while another search is typed.
const mayChange = () => $("#results") && !$("#desk.looking") && !isFetching();

async function search(form) {
  const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim() !== ""));
  if (!given.has("q") || !mayChange()) {
    return;
  }
  const address = `${form.getAttribute("action")}?${given}`;
  const { signal } = (asking = new AbortController());
  let page;
  try {
    ({ page } = await bring(`${address}&part=1`, signal));
  } catch {
    return;
  }
  if (signal.aborted || !mayChange() || !$("#results", page)) {
    return;
  }
  const summary = $(".summary", page);
  if (summary?.dataset.coverage === "absent") { // of a word that is half typed: it says nothing of the courses
    summary.replaceChildren();
    $(".readings.unknown", page)?.remove();
  }
  // one step back leads to what was there before anything was typed
  if (history.state?.typing) {
    history.replaceState({ typing: true }, "", address);
  } else {
    history.replaceState({ ...history.state, y: scrollY }, "");
    history.pushState({ typing: true }, "", address);
  }
  document.title = page.title;
  morph($("#main"), $("#main", page));
  chooseAsSent($("#main"));
  for (const part of [".languages", ".skip"]) {
    morph($(part), $(part, page));
  }
  scrollTo(0, 0);
  arrived("typing");
}

if (!sparing) {
  document.addEventListener("input", ({ target }) => {
    if (target.id === "q") {
      stop();
      waiting = setTimeout(() => search(target.form), PAUSE_MS);
    }
  });
  document.addEventListener("submit", stop);
  document.addEventListener("click", stop);
  addEventListener("popstate", stop);
}
