// The buttons of the study view: speed, picture in picture, a link to share, an enlarged slide, the list of keys, going
// on where one stopped, and searching within the lecture. What is remembered stays in this browser.
import { clock, placeOf, secondOf, sharedOf } from "./addresses.js";

const RESUMED_FROM_SECONDS = 15;
const SAVED_EVERY_SECONDS = 5;
const SAID_MS = 2000;
const PICTURE_AGAIN_MS = 2000;
const PICTURE_TRIES = 3;
const SLIDE_WAITED_FOR_MS = 400; // an image that takes longer is shown as it comes

function kept(name) {
  try {
    return localStorage.getItem(`lectures ${name}`);
  } catch {
    return null; // a browser that keeps nothing forgets, and plays all the same
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(`lectures ${name}`, value);
  } catch {
    // as above
  }
}

// The link of a line of the transcript.
export const saidOf = (line) => line.querySelector("a");

export function prepareTools(view) {
  const can = {
    follow: view.player && view.spans.length,
    picture: document.pictureInPictureEnabled && view.querySelector("video"),
    link: navigator.clipboard,
  };
  for (const button of view.querySelectorAll("button[data-do]:not([data-do=resume])")) {
    button.hidden = button.dataset.do in can && !can[button.dataset.do];
  }
  allowCopying(view);
  const speed = view.querySelector(".speed");
  if (speed && view.player) {
    const choice = speed.querySelector("select");
    const factor = [...choice.options].some((option) => option.value === kept("speed")) ? kept("speed") : choice.value;
    choice.value = factor;
    view.player.speed(Number(factor));
  }
  offerToResume(view);
}

// Playing began, ended or went on: the button says what it does now, and the second is remembered.
export function ran(view) {
  const { seconds, playing } = view.player;
  const button = view.querySelector("[data-do=play]");
  button?.classList.toggle("runs", playing);
  button?.setAttribute("aria-label", playing ? button.dataset.pause : button.dataset.play);
  if (playing && Math.abs(seconds - (view.saved ?? -SAVED_EVERY_SECONDS)) >= SAVED_EVERY_SECONDS) {
    view.saved = seconds;
    keep(`at ${view.dataset.video}`, Math.floor(seconds));
  }
}

// What an address quotes is brought into sight: the line that says it, or the text of its slide, which is unfolded
// whatever was unfolded before.
export function showQuote(view) {
  if (!new URL(location.href).searchParams.has("quote")) {
    return;
  }
  view.querySelector(".spoken mark")?.scrollIntoView({ block: "nearest" });
  const text = view.querySelector(".copy[data-quoted]");
  const mark = text?.querySelector("mark");
  if (mark) {
    text.open = true;
    const box = mark.parentElement;
    box.scrollTop += mark.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
  }
}

export function setSpeed(view, factor) {
  view.player.speed(Number(factor));
  keep("speed", factor);
}

export function allowCopying(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
  }
}

function offerToResume(view) {
  const button = view.querySelector("[data-do=resume]");
  const seconds = Number(kept(`at ${view.dataset.video}`));
  if (!button) {
    return;
  }
  button.hidden = seconds < RESUMED_FROM_SECONDS || Math.abs(seconds - view.player.seconds) < RESUMED_FROM_SECONDS;
  if (!button.hidden) {
    button.dataset.seconds = seconds;
    button.textContent = `▶ ${button.dataset.label.replace("{}", clock(seconds))}`;
  }
}

export function act(view, name, button) {
  const actions = {
    follow: () => view.follow(!view.follows),
    play: () => playOn(view),
    exchange: () => exchange(view),
    picture: () => showPicture(view),
    link: () => copyLink(view, button),
    help: () => view.querySelector("dialog.keys").showModal(),
    zoom: () => zoom(view),
    resume: () => {
      button.hidden = true;
      view.toSecond(Number(button.dataset.seconds), { play: true, follow: true });
    },
  };
  actions[name]();
}

const exchange = (view) => ["shows-slide", "shows-video"].forEach((shown) => view.classList.toggle(shown));

// One button where there is room for one: it stops what runs; else it plays from where the slide that is seen is
// discussed, if the video stands elsewhere. What is not loaded yet is seen when it begins.
function playOn(view) {
  const { player } = view;
  if (player.playing) {
    player.pause();
    return;
  }
  const moment = view.frames.get(view.frame)?.dataset.moment;
  if (moment && !view.follows) {
    view.open(new URL(moment, location.href).href, { follow: true });
  }
  if (!player.started && view.matches(".shows-slide")) {
    exchange(view);
  }
  player.play();
}

async function showPicture(view) {
  if (document.pictureInPictureElement) {
    await document.exitPictureInPicture();
  } else {
    await view.querySelector("video").requestPictureInPicture();
  }
}

async function copyLink(view, button) {
  const opened = placeOf(location.href) ?? "";
  const spoken = view.player && (view.player.playing || secondOf(opened, view.dataset.video) !== null);
  const line = spoken ? view.lines[view.now] : null;
  const frame = view.frames.get(view.frame);
  const place = line ? placeOf(saidOf(line).href) : frame ? placeOf(frame.dataset.place) : opened;
  const where = spoken ? clock(view.player.seconds) : view.querySelector("#slide-now .number")?.textContent;
  const title = view.querySelector("#look-title").textContent;
  const names = new Set([title, view.dataset.lecture, view.dataset.course, where].filter(Boolean));
  await navigator.clipboard.writeText(`${[...names].join(" – ")}\n${sharedOf(place)}`);
  const said = button.querySelector("span");
  said.textContent = said.dataset.copied;
  button.classList.add("runs");
  setTimeout(() => {
    said.textContent = said.dataset.label;
    button.classList.remove("runs");
  }, SAID_MS);
}

function zoom(view) {
  const large = view.querySelector("#slide-now [data-zoom]");
  const dialog = view.querySelector("dialog.zoom");
  if (large) {
    const image = dialog.querySelector("img");
    image.src = large.href;
    image.alt = large.querySelector("img").alt;
    if (!dialog.open) {
      dialog.showModal();
    }
  }
}

// A slide with its text, drawn.
export async function bringSlide(place) {
  const address = new URL(place, location.href);
  address.searchParams.set("part", "1");
  address.searchParams.set("lang", document.documentElement.lang);
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (!response.ok) {
    throw new Error(response.statusText);
  }
  const slide = document.adoptNode(new DOMParser().parseFromString(await response.text(), "text/html").querySelector("#slide-now"));
  const drawn = slide.querySelector("img")?.decode().catch(() => {});
  await Promise.race([drawn, new Promise((done) => setTimeout(done, SLIDE_WAITED_FOR_MS))]);
  return slide;
}

// A picture that did not come is asked for again some times: it may take long to draw. Then the slide's text is shown.
export function askAgain(image) {
  const tries = Number(image.dataset.tries ?? 0) + 1;
  image.dataset.tries = tries;
  if (tries <= PICTURE_TRIES) {
    setTimeout(() => (image.src = image.src), tries * PICTURE_AGAIN_MS);
  } else {
    image.closest(".slide-now")?.querySelector("details")?.setAttribute("open", "");
  }
}

// Search within the lecture: what was found stands above the transcript, and is marked in it.
export async function find(view, form) {
  const address = new URL(form.action);
  address.search = new URLSearchParams([...new FormData(form), ["part", "1"]]);
  let page;
  let marked;
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    if (!response.ok) {
      throw new Error(response.statusText);
    }
    page = new DOMParser().parseFromString(await response.text(), "text/html");
    marked = page.querySelector(".marked");
    if (!marked) {
      throw new TypeError(`${response.url} is not what was found`);
    }
  } catch {
    form.submit(); // let the server or the browser say what is wrong
    return;
  }
  marked.remove();
  forget(view);
  for (const item of marked.children) {
    const line = view.lines[Number(item.dataset.line)];
    line?.querySelector("span").replaceChildren(...[...item.childNodes].map((node) => document.adoptNode(node)));
  }
  view.querySelector(".within-found").replaceChildren(...[...page.body.childNodes].map((node) => document.adoptNode(node)));
}

export function forget(view) {
  view.querySelector(".within-found").replaceChildren();
  for (const mark of view.querySelectorAll(".running mark")) {
    mark.replaceWith(mark.textContent);
  }
  for (const line of view.lines) {
    line.normalize();
  }
}
