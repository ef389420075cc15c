// The study view: the slide beside the video, the filmstrip and the transcript, in step. The server sends a lecture
// once; from then on a slide, a line or a second of it is shown without asking for the page again, so that the player
// never begins anew. Without this script every link in it leads to the page of its place.
import { aroundOf, clock, placeOf, secondOf } from "./addresses.js";
import { playerIn } from "./player.js";
import { act, allowCopying, askAgain, bringSlide, prepareTools, ran, saidOf, setSpeed, showQuote } from "./study_tools.js";
import "./study_keys.js";

const READING_MS = 6000; // whoever scrolled the transcript reads there: it is left alone so long
const FRAMES_TO_SETTLE = 4; // stretches get their heights as they come into sight

class StudyView extends HTMLElement {
  connectedCallback() {
    this.listening = new AbortController();
    const { signal } = this.listening;
    this.slides = new Map(); // what was fetched and not yet shown, by its frame
    this.readSince = -Infinity;
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-do]");
      button && act(this, button.dataset.do, button);
    }, { signal });
    this.addEventListener("change", ({ target }) => {
      target.closest(".speed") && setSpeed(this, target.value);
      if (target.name === "below") { // what was folded away could not be scrolled
        this.#toFrame();
        this.#toLine();
      }
    }, { signal });
    this.addEventListener("error", (event) => event.target.matches("img:not(.marks)") && askAgain(event.target), { capture: true, signal });
    for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) {
      this.addEventListener(name, (event) => this.#reads(event), { passive: true, signal });
    }
    addEventListener("hashchange", () => this.#hash(), { signal });
    document.addEventListener("arrived", () => this.read(), { signal });
    if ("spans" in this.dataset) { // a page that is morphed fills it only now, and says `arrived` then
      this.read();
      this.#hash();
    }
  }

  disconnectedCallback() {
    this.listening.abort();
    this.box = this.player = null;
  }

  // What is in the page now: the server has sent it, or brought another state of it.
  read() {
    this.around = aroundOf(location.href);
    this.frames = new Map([...this.querySelectorAll(".film [data-frame]")].map((item) => [item.dataset.frame, item]));
    this.lines = [...this.querySelectorAll(".spoken")];
    this.starts = this.lines.map((line) => Number(line.dataset.at));
    this.spans = this.dataset.spans.trim().split(" ").filter(Boolean).map((span) => span.split(","));
    this.frame = this.querySelector("#slide-now")?.dataset.frame ?? null;
    this.now = this.lines.findIndex((line) => line.classList.contains("now"));
    this.beginning = { place: placeOf(location.href), frame: this.frame };
    const box = this.querySelector(".player");
    if (box !== this.box) {
      this.box = box;
      this.player = box && playerIn(box, () => this.#ran(), clock, this.listening.signal);
      this.follows = Boolean(this.player) && this.#frameAt(this.player.seconds) === this.frame;
    }
    const image = this.querySelector("#slide-now img");
    if (image?.complete && !image.naturalWidth) {
      askAgain(image); // it failed before there was anyone to hear of it
    }
    prepareTools(this);
    showQuote(this);
    this.pressed();
    this.#prepareTalk();
    this.#toFrame();
    this.#toLine();
    this.#ahead();
    this.player && this.#ran();
  }

  #reads(event) {
    if (event.target.closest(".running")) {
      this.readSince = performance.now();
    }
  }

  #prepareTalk() {
    const [earlier, later] = [".earlier", ".running > .stretch"].map((part) => this.querySelector(part));
    if (earlier && later && !earlier.open) {
      const before = later.getBoundingClientRect().top;
      earlier.open = true;
      earlier.parentElement.scrollTop += later.getBoundingClientRect().top - before; // what is read stays where it was
    }
    for (const line of this.lines) {
      saidOf(line).tabIndex = -1; // one stop for the keyboard; arrows lead on from it
    }
    if (this.lines.length) {
      saidOf(this.lines[Math.max(this.now, 0)]).removeAttribute("tabindex");
    }
  }

  #hash() {
    const [, name, number] = /^#(t|page)=(\d+)$/.exec(location.hash) ?? [];
    const frame = name === "page" && document.getElementById(`page=${number}`)?.closest("[data-frame]");
    if (name === "t" && this.player) {
      this.toSecond(Number(number), {});
    } else if (frame) {
      this.toFrame(frame.dataset.frame, {});
    }
  }

  // --- going to places ---------------------------------------------------------------------------------

  // Show what an address opens, if it is in this lecture and known; whether it was.
  open(url, options = {}) {
    const place = placeOf(url);
    const second = place === null ? null : secondOf(place, this.dataset.video);
    if (second !== null && this.player) {
      const line = this.lines[this.#lineAt(second + 0.9)];
      const exact = line && placeOf(saidOf(line).href) === place ? Number(line.dataset.at) : second;
      this.toSecond(exact, { ...options, href: options.href ?? url });
      return true;
    }
    for (const [frame, item] of this.frames) {
      if (placeOf(item.dataset.place) === place) {
        this.toFrame(frame, { ...options, href: options.href ?? item.querySelector("a").href });
        return true;
      }
    }
    if (place !== null && place === this.beginning.place) {
      this.#show(this.beginning.frame);
      return true;
    }
    return false;
  }

  toSecond(seconds, { href, push, replace, play, follow }) {
    if (follow && this.spans.length) {
      this.follows = true;
    }
    this.player.seek(seconds);
    this.readSince = -Infinity;
    this.#at(seconds);
    if (play && this.player.started) {
      this.player.play();
    }
    this.pressed();
    this.#went(href, push, replace);
  }

  toFrame(frame, { href, push, replace }) {
    this.follows = this.player?.playing || frame !== this.#frameAt(this.player?.seconds) ? false : this.follows;
    this.pressed();
    this.#show(frame);
    this.#went(href, push, replace);
  }

  #went(href, push, replace) {
    if (href && (push || replace)) {
      history[push ? "pushState" : "replaceState"]({}, "", href);
    }
    if (href) {
      const opened = placeOf(href);
      const second = secondOf(opened, this.dataset.video);
      const { lecture, query, brand } = this.dataset;
      const name = second === null ? [this.querySelector("#look-title").textContent, query || lecture] : [`${lecture}, ${clock(second)}`, query];
      document.title = [...new Set([...name, brand])].filter(Boolean).join(" · ");
      for (const hit of document.querySelectorAll(".hit")) {
        hit.classList.toggle("current", [...hit.querySelectorAll("h3 a")].some((link) => placeOf(link.href) === opened));
      }
      for (const link of document.querySelectorAll(".languages a")) {
        const other = new URL(href, location.href);
        other.searchParams.set("lang", link.lang);
        link.href = other.href;
      }
    }
  }

  // --- the slide ---------------------------------------------------------------------------------------

  #frameAt(seconds) {
    if (!this.spans.length) {
      return null;
    }
    const begun = this.spans.filter(([start]) => Number(start) <= seconds);
    return (begun.at(-1) ?? this.spans[0])[1];
  }

  #slide(frame) {
    if (!this.slides.has(frame)) {
      const brought = bringSlide(this.frames.get(frame).dataset.place);
      brought.catch(() => this.slides.delete(frame));
      this.slides.set(frame, brought);
    }
    return this.slides.get(frame);
  }

  async #show(frame) {
    if (frame === this.frame || !this.frames.has(frame)) {
      return;
    }
    this.frame = frame;
    this.#toFrame();
    const trouble = this.querySelector("[data-trouble]");
    let slide = null;
    try {
      slide = await this.#slide(frame);
    } catch {
      // said below; the video goes on
    }
    if (this.frame !== frame) {
      return; // another was chosen meanwhile
    }
    trouble.hidden = slide !== null;
    if (slide === null) {
      this.frame = null; // so that choosing it once more tries again
      return;
    }
    this.querySelector("#slide-now").replaceWith(slide);
    this.slides.delete(frame); // it is in the page now; the browser keeps the answer
    allowCopying(slide);
    if (this.querySelector("dialog.zoom").open) {
      act(this, "zoom");
    }
    this.#ahead();
  }

  // Mark the open slide in the strip, scroll there at once, and set where the arrows lead.
  #toFrame() {
    for (const item of this.querySelectorAll(".film .current")) {
      item.classList.remove("current");
      item.querySelector("a").removeAttribute("aria-current");
    }
    const item = this.frames.get(this.frame);
    if (!item) {
      return;
    }
    this.querySelector("#look-title").textContent = item.dataset.title;
    item.classList.add("current");
    item.querySelector("a").setAttribute("aria-current", "true");
    const film = item.parentElement; // a strip, or where there is room a sheet
    film.scrollLeft = item.offsetLeft - (film.clientWidth - item.offsetWidth) / 2;
    film.scrollTop = item.offsetTop - (film.clientHeight - item.offsetHeight) / 2;
    for (const [rel, other] of [["prev", this.beside(-1)], ["next", this.beside(1)]]) {
      const link = this.querySelector(`.turn [rel=${rel}]`);
      const target = this.frames.get(other)?.querySelector("a").href;
      link.toggleAttribute("href", Boolean(target));
      if (target) {
        link.href = target;
      }
    }
    const jump = this.querySelector(".turn [data-jump]");
    jump.hidden = !item.dataset.moment;
    if (item.dataset.moment) {
      const at = clock(Number(item.dataset.at));
      jump.href = item.dataset.moment;
      jump.querySelector(".wordy").textContent = jump.dataset.label.replace("{}", at);
      jump.querySelector(".brief").textContent = at;
    }
  }

  beside(step) {
    const all = [...this.frames.keys()];
    return all[all.indexOf(this.frame) + step];
  }

  // Have the next slide here before it is asked for.
  #ahead() {
    const next = this.beside(1);
    if (next) {
      this.#slide(next).catch(() => {});
    }
  }

  // --- the second --------------------------------------------------------------------------------------

  #lineAt(seconds) {
    let [low, high] = [0, this.starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      [low, high] = this.starts[middle] <= seconds ? [middle + 1, high] : [low, middle];
    }
    return Math.max(low - 1, 0);
  }

  #ran() {
    this.player.playing && this.#at(this.player.seconds);
    ran(this);
  }

  // The video is at a second: mark its line and chapter, and show its slide where the slide follows.
  #at(seconds) {
    const now = this.#lineAt(seconds + 0.3);
    if (now !== this.now && this.lines.length) {
      const [before, after] = [this.lines[this.now], this.lines[now]];
      before?.classList.remove("now");
      before?.removeAttribute("aria-current");
      if (before) {
        saidOf(before).tabIndex = -1;
      }
      after.classList.add("now");
      after.setAttribute("aria-current", "true");
      saidOf(after).removeAttribute("tabindex");
      this.now = now;
      this.#toLine();
    }
    const chapters = [...this.querySelectorAll(".along [data-at]")];
    const chapter = chapters.filter((item) => Number(item.dataset.at) <= seconds + 0.3).at(-1);
    for (const item of chapters) {
      item.classList.toggle("current", item === chapter);
    }
    if (this.follows) {
      this.#show(this.#frameAt(seconds));
    }
  }

  // Only the transcript scrolls, never the page under the reader; at once, and only where the line is out of sight.
  #toLine() {
    const line = this.lines[this.now];
    const box = line?.closest(".running");
    if (!box || performance.now() - this.readSince < READING_MS) {
      return;
    }
    const place = () => {
      const top = line.getBoundingClientRect().top - box.getBoundingClientRect().top;
      if (top < 0 || top > 0.75 * box.clientHeight) {
        box.scrollTop += top - box.clientHeight / 3;
      }
    };
    const settle = (frames) => {
      place();
      if (frames) {
        requestAnimationFrame(() => settle(frames - 1));
      }
    };
    settle(FRAMES_TO_SETTLE);
  }

  // --- what is pressed ---------------------------------------------------------------------------------

  follow(follows) {
    this.follows = follows;
    this.pressed();
    if (follows) {
      this.#at(this.player.seconds);
    }
  }

  pressed() {
    this.querySelector("[data-do=follow]")?.setAttribute("aria-pressed", String(this.follows));
  }
}

customElements.define("study-view", StudyView);
