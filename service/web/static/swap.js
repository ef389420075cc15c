// An address → the page at it, in place: the page that is there is morphed into it, so that what has not changed is not
// touched: the box that is being typed in, a player that runs. Links and forms marked data-swap come here.
//
// An element with data-keep is left as it is where the next page has one with the same id and the same data-keep.

import { placeOf } from "./addresses.js";

const $ = (selector, root = document) => root.querySelector(selector);
const BUSY_MS = 150; // what is faster needs no sign that it is under way

let fetching = null;
let opener = null; // where the keyboard goes back to when what was looked at is closed

// What a list of results can be read without comes when it is needed: what morphs a page with the first page that is
// brought, the style and the script of the study view with the first place that is opened.
const MORPHER = "/static/vendor/idiomorph.min.js";
const STUDY_STYLE = "/static/study.css";
let morphing = null;
let equipped = null;

function added(tag, attributes) {
  return new Promise((onload, onerror) => {
    document.head.append(Object.assign(document.createElement(tag), { ...attributes, onload, onerror }));
  });
}

export function readyToMorph() {
  morphing ??= added("script", { src: MORPHER }).catch(() => {
    morphing = null;
    throw new TypeError(`${MORPHER} did not come`);
  });
  return morphing;
}

// Without these the view is there all the same, and its links lead to pages.
function equip() {
  const style = () => $(`link[href="${STUDY_STYLE}"]`) ?? added("link", { rel: "stylesheet", href: STUDY_STYLE });
  equipped ??= Promise.all([style(), import("./study.js")]).catch(() => (equipped = null));
  return equipped;
}

function assets(page) {
  const all = [...page.querySelectorAll("head script[src], head link[rel=stylesheet]")];
  const own = all.map((one) => one.getAttribute("src") ?? one.getAttribute("href"));
  return own.filter((address) => address !== MORPHER && !address.startsWith("/static/study."));
}

function typedBoxes() {
  return [...document.querySelectorAll("input[id]:is([type=search], [type=text])")];
}

export const isFetching = () => fetching !== null;

export async function bring(url, signal) {
  const [response] = await Promise.all([fetch(url, { signal, headers: { Accept: "text/html" } }), readyToMorph()]);
  if (!response.headers.get("Content-Type")?.startsWith("text/html")) {
    throw new TypeError(`${url} is no page`);
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return { page, shown: response.redirected ? response.url : url }; // a place that has moved has another address now
}

export async function show(url, { push, focus }) {
  fetching?.abort();
  const current = (fetching = new AbortController());
  const before = new Map(typedBoxes().map((box) => [box.id, box.value]));
  const slow = setTimeout(() => ($("#busy").hidden = false), BUSY_MS);
  let next;
  try {
    const opens = placeOf(url) !== null && equip();
    next = await bring(url, current.signal);
    await (opens || ($("study-view", next.page) && equip()));
  } catch (error) {
    if (error.name !== "AbortError") {
      failed(() => show(url, { push, focus }));
    }
    return;
  } finally {
    clearTimeout(slow);
    if (fetching === current) {
      $("#busy").hidden = true;
      fetching = null;
    }
  }
  if (current.signal.aborted) {
    return;
  }
  if (String(assets(document)) !== String(assets(next.page))) {
    location.assign(url); // a page with other scripts
    return;
  }
  const typed = typedBoxes().filter((box) => before.has(box.id) && before.get(box.id) !== box.value).map((box) => [box.id, box.value]);
  if (push) {
    history.replaceState({ ...history.state, y: scrollY }, "");
    history.pushState({}, "", next.shown);
  }
  const list = $("#results")?.dataset.key;
  become(next.page);
  for (const [id, value] of typed) {
    const box = document.getElementById(id);
    if (box) {
      box.value = value; // what was typed meanwhile
    }
  }
  if (!push && history.state?.y !== undefined) {
    scrollTo(0, history.state.y);
  } else if (push && list !== $("#results")?.dataset.key) {
    scrollTo(0, 0);
  }
  arrived();
  if (focus) {
    const opened = $("#look-title");
    (opened ?? focus.back?.() ?? $("#main")).focus({ preventScroll: true });
  }
}

// `next` is an element, or the nodes that are to be inside.
export function morph(old, next, morphStyle = "outerHTML") {
  const list = next instanceof Element ? $("#results", next) : null;
  const same = $("#results")?.dataset.key === (list ?? $("#results"))?.dataset.key;
  Idiomorph.morph(old, next, {
    morphStyle,
    callbacks: {
      beforeNodeMorphed: (one, now) => !(one.dataset?.keep && one.id === now.id && one.dataset.keep === now.dataset?.keep),
      // what was unfolded stays so as long as the list is the same
      beforeAttributeUpdated: (name, element) => !(same && name === "open" && element.tagName === "DETAILS"),
    },
  });
}

// Of what a reader has chosen or typed, attributes say nothing.
export function chooseAsSent(root) {
  for (const select of root.querySelectorAll("select[name]")) {
    select.value = ([...select.options].find((option) => option.defaultSelected) ?? select.options[0])?.value ?? "";
  }
}

function become(page) {
  document.title = page.title;
  document.documentElement.lang = page.documentElement.lang;
  morph(document.body, page.body);
  chooseAsSent(document);
  for (const box of typedBoxes()) {
    box.value = box.getAttribute("value") ?? "";
  }
}

function failed(again) {
  const trouble = $("#trouble");
  trouble.hidden = false;
  $("[data-retry]", trouble).onclick = () => {
    trouble.hidden = true;
    again();
  };
}

export function arrived(detail) {
  document.dispatchEvent(new CustomEvent("arrived", { detail }));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (link && !link.closest("#look")) {
    opener = link;
  }
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
  show(address, { push: true, focus: {} });
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-swap]");
  if (!form) {
    return;
  }
  event.preventDefault();
  const given = [...new FormData(form)].filter(([, value]) => value !== "");
  const address = `${form.getAttribute("action")}?${new URLSearchParams(given)}`;
  const typed = form.matches(".search") && history.state?.typing;
  if (typed) {
    history.replaceState({}, "", address); // the list of what was typed so far is no place to come back to
  }
  show(address, { push: !typed, focus: null });
});

document.addEventListener("change", (event) => {
  event.target.closest("form[data-submit]")?.requestSubmit();
});

// Whoever can show an earlier state from what is here already takes the event `returning` for itself.
addEventListener("popstate", () => {
  if (document.dispatchEvent(new Event("returning", { cancelable: true }))) {
    show(location.href, { push: false, focus: null });
  }
});
