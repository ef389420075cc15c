// An answer as a model writes it: its card comes as HTML of the page's own template, sentence by sentence.
// Until the first sentence is there, and where none comes, the card shows what is quoted.

import { morph } from "./swap.js";

async function* cards(response) {
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
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data) {
        yield JSON.parse(data);
      }
    }
  }
}

async function write(card) {
  card.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(card.dataset.written, { headers: { Accept: "text/event-stream" } });
    if (!response.ok) {
      throw new TypeError(`${response.status}`);
    }
    for await (const html of cards(response)) {
      if (!document.contains(card)) {
        return;
      }
      const inside = new DOMParser().parseFromString(html, "text/html").body;
      morph(card, inside, "innerHTML");
    }
  } catch {
    const notice = document.createElement("p");
    notice.className = "notice";
    notice.textContent = card.dataset.failed;
    card.querySelector(".said").prepend(notice);
  }
  card.removeAttribute("aria-busy");
}

document.addEventListener("arrived", () => {
  const card = document.querySelector("#answer[data-written]:not([data-begun])");
  if (card) {
    card.dataset.begun = "";
    write(card);
  }
});
