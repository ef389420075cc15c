// A recording → one way to play it: the browser's own player, or YouTube's frame, which is loaded when play is pressed.
// Both know `seconds` and `playing`, and say through `changed` that the time went on or that playing began or ended.

const HOME = "https://www.youtube-nocookie.com";
const PLAYING = 1;

class Recording {
  constructor(video, changed, signal) {
    this.video = video;
    this.started = true;
    for (const name of ["timeupdate", "seeked", "play", "pause"]) {
      video.addEventListener(name, () => changed(), { signal });
    }
  }

  get seconds() {
    return this.wanted ?? (this.video.readyState ? this.video.currentTime : Number(this.video.dataset.start));
  }

  get playing() {
    return !this.video.paused;
  }

  seek(seconds) {
    if (this.video.readyState) {
      this.video.currentTime = seconds;
      return;
    }
    if (this.wanted === undefined) {
      const begin = () => {
        this.video.currentTime = this.wanted;
        this.wanted = undefined;
      };
      this.video.addEventListener("loadedmetadata", begin, { once: true });
    }
    this.wanted = seconds;
  }

  play() {
    this.video.play().catch(() => {}); // the browser may want a click in the page first; the player shows that
  }

  pause() {
    this.video.pause();
  }

  speed(factor) {
    this.video.defaultPlaybackRate = this.video.playbackRate = factor;
  }
}

class Tube {
  constructor(box, changed, clock, signal) {
    this.box = box;
    this.changed = changed;
    this.clock = clock;
    this.seconds = Number(box.dataset.start);
    this.playing = false;
    this.factor = 1;
    this.button = box.querySelector("[data-play]");
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.play());
    addEventListener("message", (event) => this.#heard(event), { signal });
  }

  get started() {
    return Boolean(this.frame);
  }

  seek(seconds) {
    this.seconds = seconds;
    if (this.frame) {
      this.#tell("seekTo", seconds, true);
    } else {
      this.button.textContent = `▶ ${this.button.dataset.label.replace("{}", this.clock(seconds))}`;
    }
  }

  play() {
    if (this.frame) {
      this.#tell("playVideo");
      return;
    }
    const query = new URLSearchParams({ start: Math.floor(this.seconds), autoplay: "1", enablejsapi: "1", origin: location.origin });
    const frame = document.createElement("iframe");
    frame.src = `${HOME}/embed/${encodeURIComponent(this.box.dataset.tube)}?${query}`;
    frame.title = this.box.dataset.title;
    frame.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
    frame.addEventListener("load", () => this.#send({ event: "listening" }));
    this.frame = frame;
    this.box.classList.add("playing");
    this.box.replaceChildren(frame);
  }

  pause() {
    this.#tell("pauseVideo");
  }

  speed(factor) {
    this.factor = factor;
    this.#tell("setPlaybackRate", factor);
  }

  #tell(func, ...args) {
    this.#send({ event: "command", func, args });
  }

  #send(message) {
    this.frame?.contentWindow?.postMessage(JSON.stringify(message), HOME);
  }

  #heard(event) {
    if (event.origin !== HOME || typeof event.data !== "string" || event.source !== this.frame?.contentWindow) {
      return;
    }
    let info;
    try {
      ({ info } = JSON.parse(event.data));
    } catch {
      return; // not a message of the player
    }
    if (typeof info?.playerState === "number") {
      this.playing = info.playerState === PLAYING;
      if (this.playing && this.factor !== 1 && info.playbackRate !== this.factor) {
        this.#tell("setPlaybackRate", this.factor);
      }
    }
    if (typeof info?.currentTime === "number") {
      this.seconds = info.currentTime;
    }
    this.changed();
  }
}

// The player in a part of the page, or null where nothing is played there; `signal` ends its listening.
export function playerIn(root, changed, clock, signal) {
  const video = root.querySelector("video");
  const tube = root.querySelector(".tube");
  return video ? new Recording(video, changed, signal) : tube ? new Tube(tube, changed, clock, signal) : null;
}
