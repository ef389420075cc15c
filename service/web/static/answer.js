// An answer as a model writes it: its card comes as HTML of the page's own template, sentence by sentence.
// Until the first sentence is there, and where none comes, the card shows what is quoted.

import { morph, readyToMorph } from "./swap.js";

let begun = null; // the card that is written in, the address of what is, and what ends it

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

// The page keeps the element of a card and makes it that of the next question.
const isShown = ({ card, address }) => document.contains(card) && card.dataset.written === address;

// What stands below a card stays where it is while the card gets shorter: the reader may be about to press it.
function keepPlace(card, height) {
  card.style.setProperty("--left-below", `${Math.max(0, height - card.getBoundingClientRect().height)}px`);
}

async function write(mine) {
  const { card, address, ending } = mine;
  const { height } = card.getBoundingClientRect();
  card.setAttribute("aria-busy", "true");
  try {
    await readyToMorph();
    const response = await fetch(address, { signal: ending.signal, headers: { Accept: "text/event-stream" } });
    if (!response.ok) {
      throw new TypeError(`${response.status}`);
    }
    for await (const html of cards(response)) {
      if (!isShown(mine)) {
        ending.abort();
        return;
      }
      morph(card, [...new DOMParser().parseFromString(html, "text/html").body.childNodes], "innerHTML");
      keepPlace(card, height);
    }
  } catch {
    if (ending.signal.aborted || !isShown(mine)) {
      return;
    }
    const notice = document.createElement("p");
    notice.className = "notice";
    notice.textContent = card.dataset.failed;
    card.querySelector(".said").prepend(notice);
  }
  card.removeAttribute("aria-busy");
}

document.addEventListener("arrived", () => {
  const card = document.querySelector("#answer[data-written]");
  if (begun && (begun.card !== card || !isShown(begun))) {
    begun.ending.abort();
    begun = null;
  }
  if (card && !begun) {
    begun = { card, address: card.dataset.written, ending: new AbortController() };
    write(begun);
  }
});
