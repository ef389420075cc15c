// A search box for any page: <script src="https://…/static/embed.js" data-course="SLUG" data-lang="en"></script>
// Texts of a course are put in as text, never as HTML. The page's origin must be in LECTURES_ALLOWED_ORIGINS.
(() => {
  "use strict";
  const WORDS = {
    en: {
      search: "Search", placeholder: "Search the lectures", none: "Nothing found.", answer: "Answer", results: "Places",
      video: "video", programme: "programme", failed: "The search does not answer; try again in a moment.",
      page: "page", slide: "slide", section: "section", cell: "cell", part: "part", explained: "", mentioned: "The course only mentions this.",
      listed: "Only the programme names this; slides or video are not there yet.", absent: "The course does not seem to cover this.",
    },
    ru: {
      search: "Найти", placeholder: "Поиск по лекциям", none: "Ничего не найдено.", answer: "Ответ", results: "Места",
      video: "видео", programme: "программа", failed: "Поиск не отвечает; попробуйте чуть позже.",
      page: "страница", slide: "слайд", section: "раздел", cell: "ячейка", part: "часть", explained: "", mentioned: "В курсе это только упоминается.",
      listed: "Это есть только в программе; слайдов и видео пока нет.", absent: "Похоже, в курсе этого нет.",
    },
  };
  const script = document.currentScript;
  const base = new URL(script.src).origin;
  const course = script.dataset.course || "";
  const wanted = (script.dataset.lang || document.documentElement.lang || navigator.language).slice(0, 2);
  const language = wanted in WORDS ? wanted : "en";
  const words = WORDS[language];
  const element = (name, text, properties = {}) => Object.assign(document.createElement(name), { textContent: text || "" }, properties);

  const root = element("div", "", { className: "lecture-search", lang: language });
  const form = element("form", "", { role: "search" });
  const box = element("input", "", { type: "search", placeholder: script.dataset.placeholder || words.placeholder, required: true, maxLength: 1000 });
  box.setAttribute("aria-label", box.placeholder);
  const button = element("button", script.dataset.button || words.search, { type: "submit" });
  const status = element("p", "", { role: "status" });
  const answer = element("section", "", { hidden: true, className: "lecture-search-answer" });
  answer.setAttribute("aria-label", words.answer);
  const list = element("ol");
  list.setAttribute("aria-label", words.results);
  form.append(box, button);
  root.append(form, status, answer, list);
  script.after(root);
  let asked = 0;
  class Refused extends Error {} // what the service says itself; whatever else goes wrong is none of a reader's business

  const safe = (address) => {
    const url = new URL(address, base);
    return url.protocol === "https:" || url.origin === base ? url.href : base;
  };
  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    const pad = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor((whole % 3600) / 60);
    return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
  };
  const link = (text, address) => element("a", text, { href: safe(address), target: "_blank", rel: "noopener" });

  function where({ locator, lecture, aligned }) {
    const at = { page: () => `${words[locator.unit]} ${locator.page_number}`, time: () => `${words.video} ${clock(locator.at_seconds)}`, programme: () => words.programme };
    const line = element("p", `${lecture.position}. ${lecture.title} · ${at[locator.type]()}`, { className: "lecture-search-where" });
    if (aligned) {
      const other = aligned.deck ? `${words[aligned.unit]} ${aligned.page_number}` : `${words.video} ${clock(aligned.start_seconds)}`;
      line.append(" · ", link(other, aligned.url));
    }
    return line;
  }

  async function ask(path, options) {
    const response = await fetch(`${base}${path}`, options);
    const found = await response.json();
    if (!response.ok) {
      throw new Refused(found.detail || words.failed);
    }
    return found;
  }

  function showAnswer({ sentences, citations }) {
    const places = new Map(citations.map(({ number, hit }) => [number, hit]));
    for (const sentence of sentences) {
      const line = element("p", sentence.text);
      for (const number of sentence.citations.filter((each) => places.has(each))) {
        line.append(" ", link(`[${number}]`, places.get(number).url));
      }
      answer.append(line);
    }
    answer.hidden = sentences.length === 0;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const mine = ++asked;
    list.replaceChildren();
    answer.replaceChildren();
    answer.hidden = true;
    status.textContent = "…";
    const query = new URLSearchParams({ q: box.value, limit: "5" });
    if (course) {
      query.set("course", course);
    }
    const body = JSON.stringify({ question: box.value, course: course || null });
    // beside the hits, which do not wait for it; without an answer they are still there
    const answered = ask("/api/answers", { method: "POST", headers: { "Content-Type": "application/json" }, body }).catch(() => null);
    try {
      const found = await ask(`/api/search?${query}`);
      if (mine !== asked) {
        return;
      }
      status.textContent = words[found.coverage] || (found.total ? "" : words.none);
      for (const hit of found.hits) {
        const item = element("li");
        item.append(link(hit.title, hit.url), where(hit), element("p", hit.snippet.text));
        list.append(item);
      }
      const said = await answered;
      if (said && mine === asked) {
        showAnswer(said);
      }
    } catch (error) {
      if (mine === asked) {
        status.textContent = error instanceof Refused ? error.message : words.failed;
      }
    }
  });

  // up and down through the hits, and back to the box
  root.addEventListener("keydown", (event) => {
    const stops = [box, ...list.querySelectorAll("li > a:first-child")];
    const at = stops.indexOf(document.activeElement);
    if (event.key === "Escape" && at > 0) {
      box.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
      if (at >= 0 && next) {
        event.preventDefault();
        next.focus();
      }
    }
  });
})();
