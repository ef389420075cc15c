// What is typed → completions under the box. Completing is a help, not a need: where it fails, nothing is shown.

const box = () => document.querySelector("#q");
const list = () => document.querySelector("#suggestions");
let chosen = -1;
let typed = "";
let asking = null;

function close() {
  list().hidden = true;
  list().replaceChildren();
  box().setAttribute("aria-expanded", "false");
  box().removeAttribute("aria-activedescendant");
  chosen = -1;
  asking?.abort();
}

function part(tag, text, name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

// a completion with what was typed of it marked
function withTyped(text, words) {
  const shown = part("span", "");
  const beginnings = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|");
  let at = 0;
  for (const found of beginnings ? text.matchAll(new RegExp(`(?<![\\p{L}\\p{N}])(?:${beginnings})`, "giu")) : []) {
    shown.append(text.slice(at, found.index), part("b", found[0]));
    at = found.index + found[0].length;
  }
  shown.append(text.slice(at));
  return shown;
}

function option({ text, kind, lecture }, number) {
  const item = part("li", "");
  item.id = `suggestion-${number}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.text = text;
  const where = kind === "lecture" ? ` ${lecture.position}` : ` · ${lecture.position}. ${lecture.title}`;
  item.append(withTyped(text, box().value.trim().split(/\s+/u).filter(Boolean)), part("span", list().dataset[kind] + where, "quiet"));
  return item;
}

async function suggest() {
  asking?.abort();
  const text = box().value.trim();
  if (!text) {
    close();
    return;
  }
  const current = (asking = new AbortController());
  const scope = /^\/c\/([^/]+)/.exec(box().form.elements.in?.value ?? "");
  const query = new URLSearchParams({ q: text, course: scope ? scope[1] : "" });
  try {
    const response = await fetch(`/api/suggest?${query}`, { signal: current.signal });
    if (!response.ok || current.signal.aborted || document.activeElement !== box()) {
      return;
    }
    const { suggestions } = await response.json();
    typed = box().value;
    chosen = -1;
    list().replaceChildren(...suggestions.map(option));
    list().hidden = suggestions.length === 0;
    box().setAttribute("aria-expanded", String(suggestions.length > 0));
    box().removeAttribute("aria-activedescendant");
  } catch (error) {
    if (error.name !== "AbortError") {
      close();
    }
  }
}

function choose(number) {
  asking?.abort(); // what is still on its way would take the choice back
  if (chosen < 0) {
    typed = box().value;
  }
  const items = [...list().children];
  items[chosen]?.setAttribute("aria-selected", "false");
  chosen = (number + items.length + 1) % (items.length + 1);
  if (chosen === items.length) {
    chosen = -1;
    box().value = typed;
    box().removeAttribute("aria-activedescendant");
    return;
  }
  items[chosen].setAttribute("aria-selected", "true");
  box().setAttribute("aria-activedescendant", items[chosen].id);
  box().value = items[chosen].dataset.text;
}

document.addEventListener("input", (event) => {
  if (event.target === box()) {
    suggest();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.target !== box() || list().hidden) {
    return;
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -2 : chosen - 1);
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopImmediatePropagation();
    box().value = typed;
    close();
  }
});
document.addEventListener("mousedown", (event) => {
  const item = event.target.closest("#suggestions li");
  if (item) {
    event.preventDefault();
    box().value = item.dataset.text;
    box().form.requestSubmit();
  }
});
document.addEventListener("focusout", (event) => {
  if (event.target === box()) {
    close();
  }
});
document.addEventListener("submit", close);
document.addEventListener("arrived", (event) => event.detail !== "typing" && close());
