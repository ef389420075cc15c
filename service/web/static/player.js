// The player at a second, and the transcript running along. YouTube is not asked for anything before play is pressed.
"use strict";
(() => {
  const HOME = "https://www.youtube-nocookie.com";
  const player = () => document.querySelector("video");

  function seek(seconds) {
    const video = player();
    const tube = document.querySelector(".tube iframe");
    if (video) {
      video.currentTime = seconds;
    } else if (tube) {
      tube.contentWindow.postMessage(JSON.stringify({ event: "command", func: "seekTo", args: [seconds, true] }), HOME);
    }
  }

  function follow(seconds) {
    const spoken = [...document.querySelectorAll(".spoken[data-at]")];
    const now = spoken.filter((line) => Number(line.dataset.at) <= seconds + 0.3).at(-1);
    for (const line of spoken) {
      const is = line === now;
      if (line.classList.contains("now") !== is) {
        line.classList.toggle("now", is);
        if (is) {
          line.setAttribute("aria-current", "true");
          into(line);
        } else {
          line.removeAttribute("aria-current");
        }
      }
    }
  }

  // only the transcript scrolls, never the page under the reader
  function into(line) {
    const box = line.closest(".running");
    if (box) {
      box.scrollTop = line.offsetTop - box.offsetTop - box.clientHeight / 3;
    }
  }

  function play(tube) {
    const frame = document.createElement("iframe");
    const query = new URLSearchParams({ start: tube.dataset.start, autoplay: "1", enablejsapi: "1", origin: location.origin });
    frame.src = `${HOME}/embed/${encodeURIComponent(tube.dataset.tube)}?${query}`;
    frame.title = tube.dataset.title;
    frame.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
    frame.addEventListener("load", () => frame.contentWindow.postMessage(JSON.stringify({ event: "listening" }), HOME));
    tube.classList.add("playing");
    tube.replaceChildren(frame);
  }

  addEventListener("message", (event) => {
    if (event.origin !== HOME || typeof event.data !== "string") {
      return;
    }
    try {
      const seconds = JSON.parse(event.data).info?.currentTime;
      if (typeof seconds === "number") {
        follow(seconds);
      }
    } catch {
      // not a message of the player
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-play]");
    if (button) {
      play(button.closest(".tube"));
    }
    const line = event.target.closest("a[data-seek]");
    if (line && (player()?.readyState || document.querySelector(".tube iframe"))) {
      // the player is there already: jump in it instead of bringing the next state
      event.preventDefault();
      event.stopImmediatePropagation();
      const seconds = Number(line.closest("[data-at]").dataset.at);
      seek(seconds);
      follow(seconds);
      history.replaceState({}, "", line.href);
    }
  }, true);

  function hash() {
    const found = /^#t=(\d+)/.exec(location.hash);
    return found ? Number(found[1]) : null;
  }

  function prepare() {
    for (const button of document.querySelectorAll("[data-play]")) {
      button.hidden = false;
    }
    const now = document.querySelector(".running .now");
    if (now) {
      into(now);
    }
    const video = player();
    if (!video || video.dataset.ready) {
      return;
    }
    video.dataset.ready = "yes";
    const start = () => {
      video.currentTime = hash() ?? Number(video.dataset.start);
    };
    if (video.readyState) {
      start();
    } else {
      video.addEventListener("loadedmetadata", start, { once: true });
    }
    video.addEventListener("timeupdate", () => {
      if (!video.paused) {
        follow(video.currentTime);
      }
    });
  }
  document.addEventListener("arrived", prepare);
  addEventListener("hashchange", () => hash() !== null && seek(hash()));
  prepare();
})();
