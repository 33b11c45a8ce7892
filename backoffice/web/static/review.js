// The review page: panes, checklist, remarks, the draft kept on the server, the claim, the decision.
"use strict";
window.review = (() => {
  const root = document.getElementById("review");
  const data = JSON.parse(document.getElementById("review-data").textContent);
  const { words, fields } = data;
  const base = root.dataset.base;
  const token = root.dataset.token;
  const state = { checklist: {}, remarks: [], message: "", opaque_signed: false, ...data.draft };
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const make = (tag, attributes = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...children);
    return element;
  };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
  let revision = data.revision;
  let timer = 0;
  let dirty = false;
  let saving = Promise.resolve();
  let leaving = false;

  // The draft.
  async function save() {
    clearTimeout(timer);
    if (!dirty) return;
    dirty = false;
    try {
      const answer = await window.ask(`${base}/draft`, { method: "PUT", body: { revision, data: state } });
      revision = answer.revision;
      showBlockers(answer.blocked);
      $("#kept").textContent = `✓ ${words.saved}`;
    } catch (error) {
      dirty = true;
      $("#kept").textContent = error.data ? error.message : words.unsaved;
      if (!error.data) timer = setTimeout(queue, 5000);
    }
  }
  const queue = () => { saving = saving.then(save); return saving; };
  function touched() {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(queue, 600);
    active();
  }
  function showBlockers(blocked) {
    for (const [kind, list] of Object.entries(blocked)) {
      $(`[data-blockers="${kind}"]`).replaceChildren(...list.map((b) => make("li", { textContent: (b.slot ? `${b.slot}: ` : "") + b.words })));
      const button = $(`[data-decide="${kind}"]`);
      if (root.dataset.held === "1") button.disabled = list.length > 0;
    }
  }

  // Remarks.
  const where = (remark) => [fields[remark.field] || fields[remark.slot] || words.card, remark.member, remark.place].filter(Boolean).join(" · ");
  function drawRemarks(focus = -1) {
    $("[data-remark-count]").textContent = state.remarks.length || "";
    const list = $("#remarks");
    list.replaceChildren(...state.remarks.map((remark, index) => {
      const level = make("select", { className: "form-select form-select-sm w-auto", ariaLabel: words.level });
      for (const name of ["requirement", "guideline", "suggestion", "note"]) level.append(make("option", { value: name, textContent: words[name], selected: remark.level === name }));
      const text = make("textarea", { className: "form-control mt-2", rows: 3, value: remark.text, ariaLabel: words.text, maxLength: 4000 });
      const remove = make("button", { className: "btn btn-sm btn-icon ms-auto", type: "button", textContent: "×", ariaLabel: words.remove });
      const box = make("div", { className: "remark" }, make("div", { className: "d-flex flex-wrap gap-2 align-items-center" }, level, make("span", { className: "small text-secondary text-break", textContent: where(remark) }), remove));
      box.dataset.level = remark.level;
      const holders = make("div", {});
      if (remark.template) drawPlaceholders(holders, remark, text);
      box.append(holders, text);
      level.onchange = () => { remark.level = level.value; box.dataset.level = level.value; touched(); };
      text.oninput = () => { remark.text = text.value; touched(); };
      remove.onclick = () => {
        state.remarks.splice(index, 1);
        if (remark.point) { delete state.checklist[remark.point]; drawChecklist(); }
        drawRemarks();
        touched();
      };
      return box;
    }));
    if (!state.remarks.length) list.append(make("p", { className: "text-secondary", textContent: words.none }));
    if (focus >= 0) {
      const box = list.children[focus];
      ($("input", box) || $("textarea", box)).focus();
    }
  }
  function drawPlaceholders(holder, remark, text) {
    const template = data.templates.find((each) => each.id === remark.template);
    const names = [...new Set([...(remark.source || remark.text).matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]))];
    remark.source ??= remark.text;
    remark.values ??= {};
    for (const name of names) {
      const input = make("input", { className: "form-control form-control-sm mt-1", value: remark.values[name] || "", placeholder: template?.hints?.[name] || name, ariaLabel: template?.hints?.[name] || name });
      input.oninput = () => {
        remark.values[name] = input.value;
        const given = Object.fromEntries(Object.entries(remark.values).filter(([, value]) => value.trim()));
        remark.text = fill(remark.source, given);
        text.value = remark.text;
        touched();
      };
      holder.append(input);
    }
  }
  function addRemark(remark, { focus = true } = {}) {
    state.remarks.push({ text: "", level: "requirement", ...remark });
    show("remarks");
    drawRemarks(focus ? state.remarks.length - 1 : -1);
    touched();
  }
  function fromTemplate(id, extra = {}) {
    const found = data.templates.find((each) => each.id === id);
    if (!found) return addRemark(extra);
    const { level, slot, field, text, version } = found;
    return addRemark({ level, slot, field, text, template: id, template_version: version, ...extra });
  }
  function drawTemplates() {
    const wanted = $("#template-search").value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const open = wanted.length > 0 || document.activeElement === $("#template-search");
    const found = data.templates.filter((t) => wanted.every((word) => `${t.title} ${t.text}`.toLocaleLowerCase().includes(word)));
    const shown = wanted.length ? found : found.filter((t) => t.fits || open).slice(0, 12);
    $("#template-list").replaceChildren(...shown.map((t) => {
      const used = state.remarks.findIndex((remark) => remark.template === t.id);
      const button = make("button", { type: "button", textContent: `${used >= 0 ? "☑" : "☐"} ${t.title}` });
      button.setAttribute("role", "option");
      button.setAttribute("aria-selected", String(used >= 0));
      button.onclick = () => {
        if (used >= 0) { state.remarks.splice(used, 1); drawRemarks(); touched(); } else fromTemplate(t.id);
        drawTemplates();
      };
      return make("li", {}, button);
    }));
    if (!shown.length && wanted.length) $("#template-list").append(make("li", { className: "text-secondary", textContent: words.nothing }));
  }

  // The checklist: «Нет» drafts its remark, another answer takes an untouched one away.
  function answer(point, value) {
    const box = $(`.point[data-point="${CSS.escape(point)}"]`);
    const { remark, about } = box.dataset;
    state.checklist[point] = value;
    const drafted = state.remarks.findIndex((each) => each.point === point);
    if (value === "no" && drafted < 0 && remark) {
      const slot = ["data_example", "instruction", "terms_of_use", "model_archive"].includes(about);
      fromTemplate(remark, { point, ...(slot ? { slot: about } : { field: about }) });
    } else if (value !== "no" && drafted >= 0) {
      state.remarks.splice(drafted, 1);
      drawRemarks();
    }
    drawChecklist();
    touched();
  }
  function drawChecklist() {
    for (const box of $$(".point")) for (const input of $$("input", box)) input.checked = state.checklist[box.dataset.point] === input.value;
  }

  // Panes.
  let current = "left";
  function focusPane(side) {
    current = side;
    for (const pane of $$(".pane")) pane.classList.toggle("current", pane.dataset.side === side);
  }
  async function open(side, name, { remember = true } = {}) {
    const pane = $(`.pane[data-side="${side}"]`);
    const select = $("[data-pane-select]", pane);
    if (![...select.options].some((option) => option.value === name)) return;
    select.value = name;
    const answer = await fetch(`${base}/pane/${name}`);
    if (!answer.ok) { window.announce(words.failed, "danger"); return; }
    const body = $("[data-pane-body]", pane);
    body.replaceChildren(document.createRange().createContextualFragment(await answer.text()));
    body.scrollTop = 0;
    if (!remember) return;
    const url = new URL(window.location);
    url.searchParams.set(side, name);
    window.history.replaceState(null, "", url);
  }
  const bodyOf = (side) => $(`.pane[data-side="${side}"] [data-pane-body]`);
  const together = $("[data-sync-scroll]");
  let quiet = 0;
  function follow(from, part) {
    if (!together.checked || performance.now() < quiet) return;
    quiet = performance.now() + 120;
    const other = bodyOf(from === "left" ? "right" : "left");
    const frame = $("iframe.preview", other);
    if (frame) frame.contentWindow.postMessage({ scroll: part }, "*");
    else other.scrollTop = part * (other.scrollHeight - other.clientHeight);
  }
  for (const side of ["left", "right"]) {
    bodyOf(side).addEventListener("scroll", (event) => follow(side, event.target.scrollTop / Math.max(1, event.target.scrollHeight - event.target.clientHeight)), { passive: true });
  }
  window.addEventListener("message", (event) => {
    const frame = $$("iframe.preview").find((each) => each.contentWindow === event.source);
    if (!frame) return;
    const side = frame.closest(".pane").dataset.side;
    active();
    if (typeof event.data?.scroll === "number") follow(side, event.data.scroll);
    if (event.data?.key) window.reviewKey?.({ key: event.data.key, ctrlKey: event.data.ctrl, target: document.body, preventDefault() {} });
  });
  const divider = $(".divider");
  function divide(percent) {
    const value = Math.min(80, Math.max(20, percent));
    root.style.setProperty("--left", value);
    divider.setAttribute("aria-valuenow", Math.round(value));
    localStorage.setItem("review.left", value);
  }
  divide(Number(localStorage.getItem("review.left")) || 50);
  divider.addEventListener("pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId);
    root.style.userSelect = "none";
    for (const frame of $$("iframe")) frame.style.pointerEvents = "none";
    divider.onpointermove = (move) => {
      const left = root.getBoundingClientRect().left;
      divide((100 * (move.clientX - left)) / (root.clientWidth - $(".work").clientWidth - 20));
    };
    divider.onpointerup = () => { divider.onpointermove = null; root.style.userSelect = ""; for (const frame of $$("iframe")) frame.style.pointerEvents = ""; };
  });
  divider.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -5, ArrowRight: 5 }[event.key];
    if (step) { divide(Number(divider.getAttribute("aria-valuenow")) + step); event.preventDefault(); }
  });

  // The claim: kept by activity, given back by the beacon of a closing page.
  let expires = root.dataset.expires ? new Date(root.dataset.expires) : null;
  let acted = 0;
  let warned = false;
  let keeping = Promise.resolve();
  function active() {
    if (root.dataset.held !== "1" || leaving || Date.now() - acted < 30000) return;
    acted = Date.now();
    keeping = keep();
  }
  async function keep() {
    try {
      expires = new Date((await window.ask(`${base}/keep`, { body: { token } })).expires_at);
      warned = false;
    } catch (error) { if (error.status === 409) lost(error.message); }
  }
  for (const kind of ["pointerdown", "keydown", "input"]) document.addEventListener(kind, active, { passive: true });
  function lost(message) {
    root.dataset.held = "0";
    for (const button of $$("[data-decide]")) button.disabled = true;
    warn(message);
  }
  function warn(message) {
    $("#live").hidden = false;
    $("#live").textContent = message;
  }
  function countDown() {
    if (!expires || root.dataset.held !== "1") return;
    const left = Math.max(0, Math.round((expires - Date.now()) / 1000));
    $("[data-countdown]").textContent = fill(words.left, { time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` });
    if (left <= 60 && !warned) { warned = true; window.announce(words.lapse, "warning"); }
    if (left === 0) lost(words.lapsed);
  }
  setInterval(countDown, 1000);
  window.addEventListener("pagehide", () => {
    if (root.dataset.held !== "1" || leaving) return;
    const form = new FormData();
    form.append("csrf_token", document.querySelector('meta[name="csrf-token"]').content);
    form.append("token", token);
    form.append("beacon", "1");
    navigator.sendBeacon(`${base}/release`, form);
  });
  document.addEventListener("submit", (event) => { if ("noBeacon" in event.target.dataset) leaving = true; });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='?']");
    if (link) leaving = true;
  });

  async function look() {
    if (document.hidden) return;
    const now = await window.ask(`${base}/state`, { method: "GET" }).catch(() => null);
    if (!now) return;
    if (now.decided_by && root.dataset.state !== now.state) {
      document.body.classList.add("decided");
      lost(fill(words.decided, { who: now.decided_by, state: now.state_words }));
    } else if (root.dataset.held === "1" && !now.held) lost(now.claimant ? fill(words.taken, { who: now.claimant }) : words.lapsed);
    else if (JSON.stringify(now.checks) !== JSON.stringify(data.pinned_checks)) warn(words.stale);
  }
  setInterval(look, 8000);

  // The decision.
  const payload = (kind) => ({ ...state, kind, token, pinned_artifacts: data.pinned_artifacts, pinned_checks: data.pinned_checks, next: $("#take-next").checked });
  async function letter() {
    dirty = true;
    await queue();
    const kind = state.remarks.some((remark) => remark.level === "requirement") ? "return" : state.message && !state.remarks.length ? "reject" : "publish";
    const shown = await window.ask(`${base}/preview`, { body: payload(kind) });
    $("[data-letter-subject]").textContent = shown.subject;
    $("[data-letter-text]").textContent = shown.text;
    $("[data-letter-html]").src = `${base}/letter/${kind}`;
    window.tabler.bootstrap.Modal.getOrCreateInstance("#letter").show();
  }
  async function decide(kind) {
    const button = $(`[data-decide="${kind}"]`);
    await Promise.all([queue(), keeping]); // what was typed a moment ago counts: what stands against the decision is up to date after it
    if (button.disabled) { show("decision"); return; }
    const open = [...new Set(state.remarks.flatMap((remark) => [...remark.text.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1])))];
    if (open.length && kind !== "reject") { show("remarks"); window.announce(fill(words.unfilled, { names: open.join(", ") }), "warning"); return; }
    if (words[kind] && kind === "reject" && !window.confirm(words[kind])) return;
    await queue();
    button.disabled = true;
    try {
      const answer = await window.ask(`${base}/decide`, { body: payload(kind) });
      leaving = true;
      window.location = answer.next;
    } catch (error) {
      button.disabled = false;
      window.announce(error.message, "danger");
      warn(error.message);
    }
  }

  // Wiring.
  function show(tab) { window.tabler.bootstrap.Tab.getOrCreateInstance(`#tab-${tab}`).show(); }
  root.addEventListener("change", (event) => {
    if (event.target.matches("[data-pane-select]")) open(event.target.closest(".pane").dataset.side, event.target.value);
    const point = event.target.closest(".point");
    if (point) answer(point.dataset.point, event.target.value);
  });
  root.addEventListener("focusin", (event) => { const pane = event.target.closest(".pane"); if (pane) focusPane(pane.dataset.side); });
  root.addEventListener("pointerdown", (event) => { const pane = event.target.closest(".pane"); if (pane) focusPane(pane.dataset.side); });
  root.addEventListener("click", (event) => {
    const taken = event.target.closest("[data-remark-rule]");
    if (taken) {
      const { remarkRule: rule, remarkSlot: slot, remarkMember: member, remarkPlace: place, remarkLevel: level, remarkText: text } = taken.dataset;
      addRemark({ rule, slot, member, place, level, text });
    }
    const carried = event.target.closest("[data-carry]");
    if (carried) addRemark(JSON.parse(carried.closest(".old").dataset.old));
    if (event.target.closest("[data-new-remark]")) addRemark({});
    if (event.target.closest("[data-preview]")) letter();
    const made = event.target.closest("[data-decide]");
    if (made) decide(made.dataset.decide);
  });
  document.addEventListener("click", (event) => {
    const preset = event.target.closest("[data-preset]");
    if (!preset) return;
    event.preventDefault();
    leaving = false;
    const [left, right] = preset.dataset.preset.split("|");
    open("left", left);
    open("right", right);
  });
  $("#message").value = state.message;
  $("#message").addEventListener("input", (event) => { state.message = event.target.value; touched(); });
  $("#opaque").checked = state.opaque_signed;
  $("#opaque").addEventListener("change", (event) => { state.opaque_signed = event.target.checked; touched(); queue(); });
  $("#template-search").addEventListener("input", drawTemplates);
  $("#template-search").addEventListener("focus", drawTemplates);
  $("#template-search").addEventListener("keydown", (event) => {
    if (event.key === "Enter") { $("#template-list button")?.click(); event.target.value = ""; event.preventDefault(); }
    if (event.key === "ArrowDown") { $("#template-list button")?.focus(); event.preventDefault(); }
    if (event.key === "Escape") event.target.blur();
  });
  drawChecklist();
  drawRemarks();
  drawTemplates();
  showBlockers(data.blocked);
  countDown();
  focusPane("left");
  return { open, focusPane, show, answer, addRemark, letter, decide, fromTemplate, bodyOf, data, current: () => current, checklist: () => state.checklist };
})();
