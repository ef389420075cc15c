// Ingests with live progress, and searches in vain: for a key with the scope admin, which is kept in this tab only.
"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);
  const box = $("#jobs");
  const OVER = new Set(["done", "failed", "cancelled", "quarantined"]);
  const watched = new Set();
  let key = sessionStorage.getItem("lectures-key") ?? "";

  function make(tag, text, attributes = {}) {
    const made = document.createElement(tag);
    made.textContent = text;
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  }

  async function ask(path, options = {}) {
    const response = await fetch(path, { ...options, headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" } });
    if (!response.ok) {
      throw new Error((await response.json()).detail);
    }
    return response;
  }

  function say(text) {
    $("#jobs-said").textContent = text;
  }

  function draw(job) {
    let item = document.getElementById(job.id);
    if (!item) {
      item = make("li", "", { id: job.id });
      $("#job-list").prepend(item);
    }
    const at = job.progress;
    const parts = [make("strong", job.state), document.createTextNode(` · ${job.source}`)];
    if (at && job.state === "running") {
      parts.push(make("div", `${at.step}: ${at.what}`, { class: "quiet" }));
      parts.push(make("progress", "", { value: at.done, max: Math.max(at.total, 1), "aria-label": at.step }));
    }
    if (job.problem) {
      parts.push(make("p", job.problem, { class: "notice" }));
    }
    if (job.report) {
      const { lectures, pages, segments, gaps } = job.report;
      parts.push(make("div", `lectures ${lectures} · pages ${pages} · segments ${segments} · gaps ${gaps.length}`, { class: "quiet" }));
    }
    if (!OVER.has(job.state)) {
      const button = make("button", box.dataset.cancel, { type: "button" });
      button.addEventListener("click", () => act(() => ask(`/api/ingests/${job.id}`, { method: "DELETE" })));
      parts.push(button);
    }
    item.replaceChildren(...parts);
  }

  async function watch(id) {
    if (watched.has(id)) {
      return;
    }
    watched.add(id);
    const reader = (await ask(`/api/ingests/${id}/events`)).body.pipeThrough(new TextDecoderStream()).getReader();
    let waiting = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        break;
      }
      waiting += value;
      const events = waiting.split("\n\n");
      waiting = events.pop();
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (/^event: job$/m.test(event) && data) {
          draw(JSON.parse(data));
        }
      }
    }
    watched.delete(id);
  }

  async function act(what) {
    try {
      await what();
    } catch (error) {
      say(error.message);
    }
  }

  async function list() {
    const jobs = await (await ask("/api/ingests")).json();
    say(jobs.length ? "" : box.dataset.none);
    $("#order-form").hidden = false;
    for (const job of jobs.reverse()) {
      draw(job);
      if (!OVER.has(job.state)) {
        act(() => watch(job.id));
      }
    }
    const missed = await (await ask("/api/missed-searches")).json();
    const rows = missed.map(({ query, count, course }) => make("li", `${query}${course ? ` (${course})` : ""} × ${count}`));
    $("#missed-list").replaceChildren(...(rows.length ? rows : [make("li", box.dataset.missedNone)]));
    sessionStorage.setItem("lectures-key", key);
  }

  $("#key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    key = $("#key").value.trim();
    act(list);
  });
  $("#order-form").addEventListener("submit", (event) => {
    event.preventDefault();
    act(async () => {
      const body = JSON.stringify({ source: $("#source").value.trim() });
      const { id } = await (await ask("/api/ingests", { method: "POST", body })).json();
      $("#source").value = "";
      draw(await (await ask(`/api/ingests/${id}`)).json());
      act(() => watch(id));
    });
  });
  box.hidden = false;
  if (key) {
    act(list);
  }
})();
