// The lecturer's page as it stands now, fetched again and morphed in place: with the key that was typed, which is kept in
// this tab only, or as the person who is signed in. What is shown is written by the server alone.
import { morph, readyToMorph } from "./swap.js";

const $ = (selector, root = document) => root.querySelector(selector);
const SOON_MS = 1500; // while an import runs or waits
const LATER_MS = 15000;

let key = sessionStorage.getItem("lectures-key") ?? "";
let timer = 0;

const isAdministrator = () => $("#teaching").dataset.admin !== undefined;

class Refused extends Error {}

async function ask(path, options = {}) {
  const headers = { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  const response = await fetch(path, { ...options, headers });
  if (!response.ok) {
    const { code, detail } = await response.json();
    throw new Refused(wordsFor(code) ?? detail);
  }
  if ($("#said").textContent === $("#teaching").dataset.offline) {
    say("");
  }
  return response;
}

function wordsFor(code) {
  const term = [...document.querySelectorAll("#refusals dt")].find((one) => one.textContent === code);
  return term?.nextElementSibling.textContent;
}

function say(text, isWrong = false) {
  $("#said").textContent = text;
  $("#said").classList.toggle("notice", isWrong && text !== "");
}

// Times as this reader writes them.
function localise(root) {
  const style = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    time.textContent = style.format(new Date(time.dateTime));
  }
}

function ready() {
  localise($("#teaching"));
  for (const form of document.querySelectorAll("#key-form, #order-form, [data-save]")) {
    form.hidden = false;
  }
}

async function bring(address, selector) {
  const page = new DOMParser().parseFromString(await (await ask(address)).text(), "text/html");
  const next = $(selector, page);
  if (next) {
    localise(next);
    await readyToMorph();
    morph($(selector), next);
  }
  return next !== null;
}

async function refresh() {
  await bring(location.href, "#teaching");
  ready();
}

const states = () => [...document.querySelectorAll("#job-list > li")].map((job) => `${job.id} ${job.dataset.state}`).join();

// While imports run they alone change; where one begins or ends, all that it changes is fetched.
async function follow() {
  const before = states();
  const address = new URL(location.href);
  address.searchParams.set("part", "1");
  const isThere = await bring(address, "#now"); // not where one may not administer any more
  if (!isThere || states() !== before) {
    await refresh();
  }
}

const isBusy = () => $("#now")?.dataset.busy !== undefined;

async function act(what) {
  try {
    await what();
  } catch (error) {
    say(error instanceof Refused ? error.message : $("#teaching").dataset.offline, true);
  }
}

function later() {
  clearTimeout(timer);
  if (!isAdministrator()) {
    return;
  }
  timer = setTimeout(async () => {
    if (!document.hidden) {
      await act(isBusy() ? follow : refresh);
    }
    later();
  }, isBusy() ? SOON_MS : LATER_MS);
}

async function enter() {
  await ask("/api/ingests?limit=1"); // says why a key may not
  await refresh();
  sessionStorage.setItem("lectures-key", key);
  say("");
  later();
}

function order(body) {
  act(async () => {
    say("");
    await ask("/api/ingests", { method: "POST", body });
    $("#source").value = "";
    say($("#order-form").dataset.ordered);
    await refresh();
    later();
  });
}

function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/yaml" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

document.addEventListener("submit", (event) => {
  if (event.target.id === "key-form") {
    event.preventDefault();
    key = $("#key").value.trim();
    act(enter);
  } else if (event.target.id === "order-form") {
    event.preventDefault();
    const look = event.submitter?.value === "look";
    order(JSON.stringify({ source: $("#source").value.trim(), course: $("#slug").value.trim() || null, dry_run: look }));
  }
});

document.addEventListener("click", (event) => {
  const choice = event.target.closest("a[data-choose]");
  if (choice) {
    event.preventDefault();
    history.replaceState(history.state, "", choice.href);
    act(async () => {
      await refresh();
      document.getElementById(new URL(choice.href).hash.slice(1))?.scrollIntoView();
    });
  }
  const looked = event.target.closest("[data-look]");
  if (looked) {
    order(looked.dataset.look);
  }
  const saved = event.target.closest("[data-save]");
  if (saved) {
    save(saved.dataset.save, $("#yaml").textContent);
  }
  const button = event.target.closest("[data-cancel]");
  if (button) {
    act(async () => {
      await ask(`/api/ingests/${button.dataset.cancel}`, { method: "DELETE" });
      await refresh();
    });
  }
});

ready();
if (key && !isAdministrator()) {
  act(async () => {
    try {
      await enter();
    } catch (error) {
      key = "";
      sessionStorage.removeItem("lectures-key");
      throw error;
    }
  });
} else {
  later();
}
