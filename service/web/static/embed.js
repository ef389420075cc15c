// A search box for any page: <script src="https://…/static/embed.js" data-course="slug"></script>
// Texts of a course are put in as text, never as HTML. The page's origin must be in LECTURES_ALLOWED_ORIGINS.
(() => {
  "use strict";
  const script = document.currentScript;
  const base = new URL(script.src).origin;
  const course = script.dataset.course || "";
  const element = (name, text, properties = {}) => Object.assign(document.createElement(name), { textContent: text || "" }, properties);

  const root = element("div", "", { className: "lecture-search" });
  const form = element("form", "", { role: "search" });
  const box = element("input", "", { type: "search", placeholder: script.dataset.placeholder || "Search the lectures", required: true, maxLength: 1000 });
  box.setAttribute("aria-label", box.placeholder);
  const button = element("button", script.dataset.button || "Search", { type: "submit" });
  const status = element("p", "", { role: "status" });
  const list = element("ol");
  form.append(box, button);
  root.append(form, status, list);
  script.after(root);

  const safe = (address) => {
    const url = new URL(address, base);
    return url.protocol === "https:" || url.origin === base ? url.href : base;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    list.replaceChildren();
    status.textContent = "…";
    const query = new URLSearchParams({ q: box.value, limit: "5" });
    if (course) query.set("course", course);
    try {
      const response = await fetch(`${base}/api/search?${query}`);
      const found = await response.json();
      if (!response.ok) throw new Error(found.detail);
      status.textContent = found.total ? "" : "Nothing found.";
      for (const hit of found.hits) {
        const item = element("li");
        item.append(element("a", hit.title, { href: safe(hit.url), target: "_blank", rel: "noopener" }));
        item.append(element("p", hit.snippet.text));
        list.append(item);
      }
    } catch (error) {
      status.textContent = error.message;
    }
  });
})();
