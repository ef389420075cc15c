// The pages without reloading: links and forms marked data-swap bring the next state in place, suggestions complete
// what is typed, an answer is shown as a model writes it. Without this script every link and form works as it is.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);

function make(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  return made;
}

// --- from state to state ---------------------------------------------------------------------------------

let fetching = null;

async function show(url, { push, focus }) {
  fetching?.abort();
  const current = (fetching = new AbortController());
  let next;
  let shown = url;
  try {
    const response = await fetch(url, { signal: current.signal, headers: { Accept: "text/html" } });
    shown = response.redirected ? response.url : url; // a place that has moved is kept by the address that it has now
    next = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch (error) {
    if (error.name !== "AbortError") {
      location.assign(url); // let the browser say what is wrong
    }
    return;
  }
  const desk = $("#desk");
  const nextDesk = $("#desk", next);
  if (!desk || !nextDesk) {
    location.assign(url);
    return;
  }
  if (push) {
    history.pushState({}, "", shown);
  }
  document.title = next.title;
  const [list, nextList] = [$("#results"), $("#results", next)];
  const same = list.dataset.key === nextList.dataset.key;
  // the list stays where it was scrolled to when only what is looked at beside it changes
  if (same) {
    for (const hit of document.querySelectorAll(".hit, .slides li, .slide")) {
      hit.classList.remove("current");
    }
    for (const hit of next.querySelectorAll(".hit.current, .slides li.current, .slide.current")) {
      document.getElementById(hit.id)?.classList.add("current");
    }
  } else {
    list.replaceWith(document.adoptNode(nextList));
    const [box, nextBox] = [$("#q"), $("#q", next)];
    if (box && nextBox && document.activeElement !== box) {
      box.value = nextBox.value;
    }
    const [languages, nextLanguages] = [$(".languages"), $(".languages", next)];
    languages?.replaceWith(document.adoptNode(nextLanguages));
    const [heading, nextHeading] = [$("h1"), $("h1", next)];
    if (heading && nextHeading && !$("#results").contains(heading)) {
      heading.replaceWith(document.adoptNode(nextHeading));
    }
  }
  const [look, nextLook] = [$("#look"), $("#look", next)];
  desk.className = nextDesk.className;
  look.replaceWith(document.adoptNode(nextLook));
  if (!same && push) {
    scrollTo(0, 0);
  }
  arrived();
  if (focus) {
    const opened = $("#look-title");
    (opened ?? focus.back?.() ?? $("#main")).focus({ preventScroll: Boolean(opened) });
  }
}

let opener = null; // where the keyboard goes back to when what was looked at is closed

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
    return;
  }
  event.preventDefault();
  const address = link.href instanceof SVGAnimatedString ? new URL(link.href.baseVal, location.href).href : link.href;
  if ("close" in link.dataset) {
    const back = opener;
    show(address, { push: true, focus: { back: () => (back && document.contains(back) ? back : null) } });
    return;
  }
  if (!link.closest("#look")) {
    opener = link;
  }
  show(address, { push: true, focus: {} });
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-swap]");
  if (!form || !$("#desk")) {
    return;
  }
  event.preventDefault();
  closeSuggestions();
  const given = [...new FormData(form)].filter(([, value]) => value !== "");
  show(`${form.getAttribute("action")}?${new URLSearchParams(given)}`, { push: true, focus: null });
});

document.addEventListener("change", (event) => {
  event.target.closest("form[data-submit]")?.requestSubmit();
});

addEventListener("popstate", () => {
  if (location.pathname === shownPath && $("#desk")) {
    show(location.href, { push: false, focus: null });
  } else {
    location.reload();
  }
});
const shownPath = location.pathname;

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const box = $("#q");
    if (box) {
      event.preventDefault();
      box.focus();
      box.select();
    }
  } else if (event.key === "Escape" && !$("#suggestions:not([hidden])")) {
    $("#look [data-close]")?.click();
  }
});

// --- suggestions -----------------------------------------------------------------------------------------

let chosen = -1;
let typed = "";
let asking = null;

function closeSuggestions() {
  const list = $("#suggestions");
  if (list) {
    list.hidden = true;
    list.replaceChildren();
    $("#q").setAttribute("aria-expanded", "false");
    $("#q").removeAttribute("aria-activedescendant");
  }
  chosen = -1;
  asking?.abort();
}

async function suggest(box) {
  asking?.abort();
  const text = box.value.trim();
  if (!text) {
    closeSuggestions();
    return;
  }
  const current = (asking = new AbortController());
  const course = box.form.elements.course?.value ?? "";
  try {
    const response = await fetch(`/api/suggest?${new URLSearchParams({ q: text, course })}`, { signal: current.signal });
    if (!response.ok || current.signal.aborted || document.activeElement !== box) {
      return;
    }
    const { suggestions } = await response.json();
    const list = $("#suggestions");
    typed = box.value;
    chosen = -1;
    list.replaceChildren(
      ...suggestions.map(({ text }, i) => make("li", text, { role: "option", id: `suggestion-${i}`, "aria-selected": "false" })),
    );
    list.hidden = suggestions.length === 0;
    box.setAttribute("aria-expanded", String(suggestions.length > 0));
    box.removeAttribute("aria-activedescendant");
  } catch (error) {
    if (error.name !== "AbortError") {
      closeSuggestions(); // completing is a help, not a need
    }
  }
}

function choose(box, number) {
  const items = [...$("#suggestions").children];
  items[chosen]?.setAttribute("aria-selected", "false");
  chosen = (number + items.length + 1) % (items.length + 1);
  if (chosen === items.length) {
    chosen = -1;
    box.value = typed;
    box.removeAttribute("aria-activedescendant");
    return;
  }
  items[chosen].setAttribute("aria-selected", "true");
  box.setAttribute("aria-activedescendant", items[chosen].id);
  box.value = items[chosen].textContent;
}

document.addEventListener("input", (event) => {
  if (event.target.id === "q") {
    suggest(event.target);
  }
});
document.addEventListener("keydown", (event) => {
  const box = event.target;
  if (box.id !== "q" || $("#suggestions").hidden) {
    return;
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(box, event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -2 : chosen - 1);
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    box.value = typed;
    closeSuggestions();
  }
});
document.addEventListener("mousedown", (event) => {
  const item = event.target.closest("#suggestions li");
  if (item) {
    event.preventDefault();
    $("#q").value = item.textContent;
    $("#q").form.requestSubmit();
  }
});
document.addEventListener("focusout", (event) => {
  if (event.target.id === "q") {
    closeSuggestions();
  }
});

// --- answers as they are written -------------------------------------------------------------------------

function stateUrl({ locator, place }) {
  if (locator.type === "programme") {
    return place;
  }
  const params = new URLSearchParams(location.search);
  params.set("open", decodeURIComponent(place));
  return `/?${params}`;
}

function clock(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  return `${h ? `${h}:${String(m).padStart(2, "0")}` : m}:${String(s).padStart(2, "0")}`;
}

function sentenceOf({ text, citations }, places) {
  const line = make("p", text, { class: "sentence" });
  for (const number of citations) {
    const hit = places?.get(number);
    line.append(" ", hit ? make("a", `[${number}]`, { class: "cite", href: stateUrl(hit), "data-swap": "" }) : `[${number}]`);
  }
  return line;
}

async function* serverSent(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    waiting += value;
    const events = waiting.split("\n\n");
    waiting = events.pop();
    for (const event of events) {
      const name = /^event: (.*)$/m.exec(event)?.[1];
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data) {
        yield { name, data: JSON.parse(data) };
      }
    }
  }
}

async function write(card) {
  const words = card.dataset;
  const said = $(".said", card);
  const quoted = [...said.childNodes];
  const mode = $(".mode", card);
  const quotedMode = mode.textContent;
  mode.textContent = words.writing;
  const history = words.prev ? [{ role: "user", content: words.prev }] : [];
  const body = { question: words.question, course: words.course || null, history, stream: true };
  try {
    const response = await fetch("/api/answers", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) {
      throw new Error((await response.json()).detail);
    }
    let begun = false;
    for await (const { name, data } of serverSent(response)) {
      if (!document.contains(card)) {
        return;
      }
      if (name === "sentence") {
        if (!begun) {
          said.replaceChildren();
          begun = true;
        }
        said.append(sentenceOf(data, null));
      } else if (name === "answer") {
        finish(card, data, quoted);
      }
    }
  } catch (error) {
    said.replaceChildren(...quoted);
    mode.textContent = quotedMode;
    said.prepend(make("p", `${words.degraded}: ${error.message}`, { class: "notice" }));
  }
}

function finish(card, answer, quoted) {
  const words = card.dataset;
  const said = $(".said", card);
  const mode = $(".mode", card);
  const notices = answer.degraded.map((reason) => make("p", `${words.degraded}: ${reason}.`, { class: "notice" }));
  if (answer.mode !== "generated") {
    mode.textContent = words.quoted;
    said.replaceChildren(...notices, ...quoted);
    return;
  }
  mode.textContent = words.generated;
  const places = new Map(answer.citations.map(({ number, hit }) => [number, hit]));
  const note = answer.note ? [make("p", answer.note)] : [];
  said.replaceChildren(...notices, ...note, ...answer.sentences.map((sentence) => sentenceOf(sentence, places)));
  if (answer.sentences.some(({ citations }) => citations.length === 0)) {
    said.append(make("p", words.unvouched, { class: "quiet" }));
  }
  const list = make("ol", "", { class: "sources" });
  for (const { number, hit } of answer.citations) {
    const item = make("li", "", { value: number });
    const at = hit.locator.type === "page" ? ` · ${card.getAttribute(`data-unit-${hit.locator.unit}`)} ${hit.locator.page_number}` : hit.locator.type === "time" ? ` · ${words.video} ${clock(hit.locator.at_seconds)}` : "";
    item.append(
      make("a", hit.title, { href: stateUrl(hit), "data-swap": "" }),
      make("span", ` ${hit.lecture.position}. ${hit.lecture.title}${at}`, { class: "quiet" }),
    );
    list.append(item);
  }
  $(".sources", card)?.remove();
  if (answer.citations.length) {
    said.after(list);
  }
}

// --- what each new state needs ---------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    await navigator.clipboard.writeText($("pre", button.parentElement).textContent);
    button.textContent = document.body.dataset.copied;
  }
});

function arrived() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
  }
  for (const button of document.querySelectorAll("form[data-submit] button")) {
    button.hidden = true;
  }
  const card = $("#answer[data-model]:not([data-begun])");
  if (card) {
    card.dataset.begun = "";
    write(card);
  }
  document.dispatchEvent(new Event("arrived"));
}
arrived();
