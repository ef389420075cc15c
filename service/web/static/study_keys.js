// Clicks, keys and the back button → the study view that is in the page; what it does not know is left to the page.
import { aroundOf, placeOf } from "./addresses.js";
import { act, find, forget, saidOf } from "./study_tools.js";

const view = () => document.querySelector("study-view");

// --- links -----------------------------------------------------------------------------------------------

function follow(study, link) {
  if (link.matches("[data-zoom]")) {
    act(study, "zoom");
    return true;
  }
  if (link.matches("[data-clear]")) {
    forget(study);
    study.querySelector(".within input[type=search]").value = "";
    return true;
  }
  const inside = study.contains(link);
  if (!inside && aroundOf(link.href) !== study.around) {
    return false;
  }
  const jumps = link.matches("[data-jump]");
  const spoken = Boolean(link.closest(".spoken"));
  if (study.open(link.href, { push: !spoken, replace: spoken, play: jumps, follow: jumps || !inside })) {
    if (!inside) {
      study.querySelector("#look-title").focus({ preventScroll: true });
    }
    return true;
  }
  return false;
}

document.addEventListener("click", (event) => {
  const study = view();
  const link = event.target.closest?.("a[href]");
  if (!study || !link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
    return;
  }
  if (typeof link.href === "string" && link.origin === location.origin && follow(study, link)) {
    event.preventDefault();
  }
}, true);

document.addEventListener("submit", (event) => {
  if (event.target.matches("study-view .within")) {
    event.preventDefault();
    find(view(), event.target);
  }
}, true);

document.addEventListener("returning", (event) => {
  const study = view();
  const quotes = new URL(location.href).searchParams.has("quote"); // it is the server that marks a quote
  if (study && !quotes && aroundOf(location.href) === study.around && study.open(location.href)) {
    event.preventDefault();
  }
});

// --- keys ------------------------------------------------------------------------------------------------

const STEP_SECONDS = 5;
const LEAP_SECONDS = 10;

function turn(study, step) {
  const frame = study.beside(step);
  if (frame) {
    study.toFrame(frame, { push: true, href: study.frames.get(frame).querySelector("a").href });
  }
}

function skip(study, seconds) {
  study.player?.started && study.toSecond(Math.max(study.player.seconds + seconds, 0), {});
}

function arrow(study, direction) {
  if (study.frames.size && !study.player?.playing) {
    turn(study, direction);
  } else {
    skip(study, direction * STEP_SECONDS);
  }
}

function toLine(study, step) {
  const lines = study.lines;
  const at = lines.indexOf(document.activeElement.closest(".spoken"));
  saidOf(lines[Math.min(Math.max((at < 0 ? study.now : at) + (at < 0 ? 0 : step), 0), lines.length - 1)]).focus();
}

function play(study) {
  study.player?.playing ? study.player.pause() : study.player?.play();
}

// By the place of the key, since on a Russian keyboard j is another letter.
const KEYS = {
  Space: play,
  KeyK: play,
  KeyJ: (study) => skip(study, -LEAP_SECONDS),
  KeyL: (study) => skip(study, LEAP_SECONDS),
  ArrowLeft: (study) => arrow(study, -1),
  ArrowRight: (study) => arrow(study, 1),
  KeyN: (study) => turn(study, 1),
  KeyP: (study) => turn(study, -1),
  KeyF: (study) => study.spans.length && study.player && act(study, "follow"),
  KeyZ: (study) => act(study, "zoom"),
};

function chosen(study, event) {
  const { target, code } = event;
  if (target.closest("dialog.zoom")) {
    return { ArrowLeft: KEYS.KeyP, ArrowRight: KEYS.KeyN }[code];
  }
  const here = study.contains(target) || target === document.body || target.id === "main";
  if (!here || target.closest("input, textarea, select, dialog")) {
    return null;
  }
  if (event.key === "?") {
    return () => act(study, "help");
  }
  if (target.closest(".running") && (code === "ArrowUp" || code === "ArrowDown")) {
    return () => toLine(study, code === "ArrowUp" ? -1 : 1);
  }
  if ((code === "Space" && target.closest("a, button, summary, video")) || (code.startsWith("Arrow") && target.closest("video"))) {
    return null; // they have keys of their own
  }
  return event.shiftKey ? null : KEYS[code];
}

document.addEventListener("keydown", (event) => {
  const study = view();
  if (!study || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const action = chosen(study, event);
  if (action) {
    event.preventDefault();
    action(study);
  }
  if (event.key === "Escape" && document.querySelector("study-view dialog[open]")) {
    event.stopPropagation(); // it closes the dialog, not what is looked at
  }
}, true);

document.addEventListener("click", (event) => {
  if (event.target.matches?.("study-view dialog")) {
    event.target.close(); // beside what it shows
  }
});
