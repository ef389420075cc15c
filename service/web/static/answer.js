// An answer as a model writes it.

const $ = (selector, root = document) => root.querySelector(selector);

function make(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  return made;
}

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

document.addEventListener("arrived", () => {
  const card = $("#answer[data-model]:not([data-begun])");
  if (card) {
    card.dataset.begun = "";
    write(card);
  }
});
