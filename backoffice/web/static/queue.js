// Lists of submissions: keep the place while they renew themselves (live.js), answer keys, show dialogs, remember what is ticked.
"use strict";
(() => {
  const queue = document.getElementById("queue");
  if (!queue) return;
  let current = "", known = null;
  const picked = new Set();

  const rows = () => [...queue.querySelectorAll("[data-id]")];
  const row = () => rows().find((tr) => tr.dataset.id === current);

  // Live: live.js brings the rows ------------------------------------------
  function settle() {
    const fresh = rows().filter((tr) => known && !known.has(tr.dataset.id));
    fresh.forEach((tr) => tr.classList.add("is-new"));
    if (fresh.length) announce(queue.dataset.new + fresh.map((tr) => tr.querySelector(".title").textContent.trim()).join("; "));
    known = new Set(rows().map((tr) => tr.dataset.id));
    mark();
    pick();
    tick();
  }
  queue.addEventListener("renewed", settle);

  function tick() {
    for (const time of queue.querySelectorAll("time[data-until]")) {
      const left = Math.floor((new Date(time.dataset.until) - Date.now()) / 1000);
      time.textContent = left > 0 ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : "0:00";
      time.classList.toggle("ending", left < 120);
    }
  }
  setInterval(tick, 1000);

  // On a phone the tabs do not all fit: the one that is open is in view.
  const tabs = queue.querySelector(".queue-tabs"), shown = tabs?.querySelector(".active");
  if (shown) tabs.scrollLeft += Math.max(0, shown.getBoundingClientRect().right - tabs.getBoundingClientRect().right);

  // Numbers that take long to count: right after the page, and again no oftener than costs a hundredth of the server's time ------
  let counting = false, rested = 0;
  async function count() {
    const open = () => queue.querySelectorAll("[data-count]");
    if (!open().length || counting || document.hidden || Date.now() < rested) return;
    counting = true;
    const began = Date.now();
    const answer = await fetch(queue.dataset.numbers, { cache: "no-store" }).catch(() => null);
    const found = answer?.ok && !answer.redirected ? await answer.json() : {};
    for (const place of open()) place.textContent = found[place.dataset.count] ?? place.textContent;
    rested = Date.now() + 100 * (Date.now() - began);
    counting = false;
  }
  count();
  setInterval(count, 10_000);

  // Authors whose name is like the one that is typed ------------------------
  const author = document.getElementById("f-author");
  author?.addEventListener("input", async () => {
    const typed = author.value.trim(), offered = [...author.list.options].map((option) => option.value);
    if (offered.includes(typed)) { author.form.requestSubmit(); return; }
    if (typed.length < 2) return;
    const answer = await fetch(`${author.dataset.suggest}?q=${encodeURIComponent(typed)}`).catch(() => null);
    if (answer?.ok && author.value.trim() === typed) author.list.innerHTML = await answer.text();
  });

  // The row in hand --------------------------------------------------------
  function mark() {
    for (const tr of rows()) tr.classList.toggle("is-current", tr.dataset.id === current);
  }
  function go(step) {
    const all = rows(), at = all.findIndex((tr) => tr.dataset.id === current);
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
    if (!next) return;
    current = next.dataset.id;
    mark();
    next.querySelector(".title").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
  queue.addEventListener("focusin", (event) => {
    const tr = event.target.closest("[data-id]");
    if (tr) { current = tr.dataset.id; mark(); }
  });

  // What is ticked ---------------------------------------------------------
  function pick() {
    const here = new Set(rows().map((tr) => tr.dataset.id));
    for (const id of picked) if (!here.has(id)) picked.delete(id);
    for (const box of queue.querySelectorAll('input[name="id"]')) {
      box.checked = picked.has(box.value);
      box.closest("[data-id]").classList.toggle("is-picked", box.checked);
    }
    const bulk = document.getElementById("bulk"), all = document.getElementById("pick-all");
    if (!bulk) return;
    bulk.hidden = picked.size === 0;
    const words = document.getElementById("picked");
    words.textContent = words.dataset.words + picked.size;
    if (all) all.checked = picked.size > 0 && picked.size === queue.querySelectorAll('input[name="id"]:not(:disabled)').length;
  }
  queue.addEventListener("change", (event) => {
    const box = event.target;
    if (box.id === "pick-all") queue.querySelectorAll('input[name="id"]:not(:disabled)').forEach((each) => box.checked ? picked.add(each.value) : picked.delete(each.value));
    else if (box.name === "id") box.checked ? picked.add(box.value) : picked.delete(box.value);
    else return;
    pick();
  });

  // Dialogs ----------------------------------------------------------------
  async function why(link) {
    const dialog = document.getElementById("why"), body = document.getElementById("why-body");
    try {
      const answer = await fetch(`${link.href}?part=1`);
      if (!answer.ok) throw new Error(answer.statusText);
      body.innerHTML = await answer.text();
      dialog.showModal();
    } catch { window.location = link.href; }
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-why]"), take = event.target.closest("[data-takeover]");
    const open = event.target.closest("[data-open]"), close = event.target.closest("[data-close]");
    if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); why(link); }
    if (open) document.getElementById(open.dataset.open).showModal();
    if (close) close.closest("dialog").close();
    if (take) {
      const dialog = document.getElementById("takeover");
      dialog.querySelector("form").action = take.dataset.takeover;
      dialog.querySelector("[data-title]").textContent = take.dataset.title;
      dialog.querySelector("[data-by]").textContent = take.dataset.by;
      dialog.showModal();
      dialog.querySelector("textarea").focus();
    }
    if (event.target.matches("dialog")) event.target.close();
  });

  // Keys: by their place on the keyboard, so that they work in the Russian layout too ------
  const keys = {
    KeyJ: () => go(1), KeyK: () => go(-1),
    KeyN: () => document.getElementById("next-form")?.requestSubmit(),
    KeyT: () => row()?.querySelector("[data-take], [data-takeover], .actions .btn-primary")?.click(),
    KeyW: () => row()?.querySelector("[data-why]")?.click(),
    KeyX: () => row()?.querySelector('input[name="id"]:not(:disabled)')?.click(),
  };
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (at.matches("input:not([type=checkbox]), textarea, select, [contenteditable]")) {
      if (event.key === "Escape") at.blur();
      return;
    }
    if (event.key === "?" || (event.shiftKey && event.code === "Slash") || (event.shiftKey && event.code === "Digit7" && event.key === "?")) { event.preventDefault(); document.getElementById("keys").showModal(); return; }
    if (event.key === "/" || (event.code === "Slash" && !event.shiftKey)) { event.preventDefault(); document.getElementById("search")?.focus(); return; }
    if (event.shiftKey) return;
    const digit = /^Digit([1-7])$/.exec(event.code);
    if (digit) { queue.querySelectorAll(".queue-tabs .nav-link")[digit[1] - 1]?.click(); return; }
    if (keys[event.code]) { event.preventDefault(); keys[event.code](); }
  });

  settle();
})();
