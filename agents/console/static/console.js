"use strict";
// What the page does by itself: takes in what has changed, stands still when asked, and answers keys.
(() => {
  const body = document.body;
  let still = false, last = Date.now(), waiting = {};

  const byId = (id) => document.getElementById(id);
  const say = (text) => { const said = byId("spoken"); if (said) said.textContent = text; };

  function busy(part) {
    const active = document.activeElement;
    return still || (part.contains(active) && /^(INPUT|TEXTAREA|SELECT|SUMMARY|BUTTON)$/.test(active.tagName)) ||
      part.querySelector("details[open]") || document.querySelector("dialog[open]");
  }

  function put(id, html) {
    const part = byId(id);
    if (!part) return;
    if (busy(part)) { waiting[id] = html; return; }
    delete waiting[id];
    part.innerHTML = html;
    if (window.htmx) window.htmx.process(part);
    mend(part);
  }

  // Without the stream the sentence says how old the figures are; with it, it is itself again.
  let sentence = null;
  function stale() {
    const told = document.querySelector("main .say") || document.querySelector("main h1");
    body.classList.add("stale");
    if (!told) return;
    sentence = { told, html: told.innerHTML };
    told.textContent = body.dataset.stale.replace("{time}", new Date(last).toLocaleTimeString([], { hour12: false }));
    say(told.textContent);
  }
  function fresh() {
    body.classList.remove("stale");
    if (sentence) { sentence.told.innerHTML = sentence.html; sentence = null; }
  }

  function listen() {
    const from = body.dataset.live;
    if (!from || !window.EventSource) return;
    const source = new EventSource(from);
    source.onmessage = (event) => {
      last = Date.now();
      fresh();
      const parts = JSON.parse(event.data);
      for (const [id, html] of Object.entries(parts)) if (id !== "!") put(id, html);
      if (parts["!"]) say(parts["!"]);
    };
    setInterval(() => {
      if (Date.now() - last > 5000 && !body.classList.contains("stale")) stale();
    }, 1000);
    setInterval(() => { const heading = document.querySelector("main h1"); if (heading && !still) say(heading.textContent); }, 10000);
  }

  function holdStill() {
    still = !still;
    document.querySelectorAll("[data-still]").forEach((button) => button.setAttribute("aria-pressed", String(still)));
    if (!still) for (const [id, html] of Object.entries(waiting)) put(id, html);
  }

  // The server's times of what is due are kept as they are; only the place of the shown row is remembered.
  function mend(root) { root.querySelectorAll("[data-autofocus]").forEach((one) => one.focus()); }

  function search() {
    const dialog = byId("finder");
    if (dialog && !dialog.open) { dialog.showModal(); byId("sought").focus(); byId("sought").select(); }
  }

  function move(step) {
    const rows = [...document.querySelectorAll("[data-row]")];
    if (!rows.length) return;
    const here = rows.findIndex((row) => row.contains(document.activeElement) || row.getAttribute("aria-current") === "true");
    const next = rows[Math.min(Math.max(here + step, 0), rows.length - 1)];
    (next.matches("a,button") ? next : next.querySelector("a,button"))?.focus();
  }

  function table() {
    const chart = document.querySelector("#charts svg[role=group]") && document.querySelectorAll("#charts svg[role=group]");
    const dialog = byId("dialog");
    if (!chart || !dialog) return;
    const list = document.createElement("ul");
    list.className = "chart-table s13";
    chart[0].querySelectorAll("title").forEach((title) => { const row = document.createElement("li"); row.textContent = title.textContent; list.append(row); });
    dialog.replaceChildren(list);
    dialog.showModal();
  }

  let after = "";
  const typing = (target) => /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable;
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") { event.preventDefault(); search(); return; }
    if ((event.metaKey || event.ctrlKey) && event.key === "Enter") { document.querySelector("[data-key='⌘↵']")?.click(); return; }
    if (event.metaKey || event.ctrlKey || event.altKey || typing(event.target) || localStorage.getItem("tend-keys") === "off") return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (after === "g") {
      after = "";
      const page = { n: "now", c: "customers", d: "desk", r: "rules", l: "letters" }[key];
      if (page) { document.querySelector(`[data-go="${page}"]`)?.click(); return; }
    }
    if (key === "g") { after = "g"; setTimeout(() => { after = ""; }, 1200); return; }
    if (key === "/") { event.preventDefault(); search(); }
    else if (key === " " && document.querySelector("[data-still]")) { event.preventDefault(); holdStill(); }
    else if (key === "j") move(1);
    else if (key === "k") move(-1);
    else {
      const button = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key.toLowerCase() === key && one.offsetParent !== null);
      if (button) { event.preventDefault(); button.click(); } else if (key === "t") table();
    }
  });

  document.addEventListener("click", (event) => {
    const from = event.target.closest("[data-search],[data-still],[data-close],[data-keys]");
    if (!from) return;
    if ("search" in from.dataset) search();
    else if ("still" in from.dataset) holdStill();
    else if ("close" in from.dataset) from.closest("dialog")?.close();
    else localStorage.setItem("tend-keys", localStorage.getItem("tend-keys") === "off" ? "on" : "off");
  });

  // In a search field the first Escape would only empty it.
  byId("sought")?.addEventListener("keydown", (event) => { if (event.key === "Escape") byId("finder").close(); });

  // Dialogs come from the server, and open when they have come.
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    if (target.id === "dialog" && target.innerHTML.trim() && !target.open) target.showModal();
    if (target.id === "dialog" && !target.innerHTML.trim() && target.open) target.close();
    mend(target);
  });
  document.addEventListener("htmx:responseError", (event) => say(event.detail.xhr.statusText));
  if (location.search.includes("token=")) history.replaceState(null, "", location.pathname);
  listen();
})();
(() => {
  // Closing can be undone for five seconds; only then is it sent.
  document.addEventListener("htmx:confirm", (event) => {
    const form = event.target.closest("form[data-undo]");
    if (!form || event.target !== form) return;
    event.preventDefault();
    const toast = document.createElement("div");
    toast.className = "toast"; toast.setAttribute("role", "status");
    const text = document.createElement("span"); text.textContent = form.dataset.undo;
    const undo = document.createElement("button"); undo.className = "btn s"; undo.textContent = form.dataset.undoButton;
    toast.append(text, undo);
    document.body.append(toast);
    const timer = setTimeout(() => { toast.remove(); event.detail.issueRequest(true); }, 5000);
    undo.addEventListener("click", () => { clearTimeout(timer); toast.remove(); });
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form[data-closes]");
    if (form && event.detail.successful) form.closest("dialog")?.close();
  });
  // What a form could not do is shown where its answer would stand.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status >= 400 && event.detail.xhr.status !== 401) {
      const answer = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
      const told = answer.querySelector("main .lead")?.textContent || event.detail.xhr.statusText;
      const row = document.createElement("p"); row.className = "fail s13"; row.setAttribute("role", "alert"); row.textContent = told;
      (event.detail.target || document.getElementById("going"))?.append(row);
      event.detail.shouldSwap = false;
    }
  });
})();
