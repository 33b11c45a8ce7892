// The review page: what every part of it shares, the draft kept on the server, the letter and the decision.
// A part is a function of one page's life; the page may be swapped for the next submission's without being loaded (review-next.js).
"use strict";
window.review = (() => {
  const parts = [];
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const make = (tag, attributes = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...children);
    return element;
  };
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
  const modal = (id) => window.tabler.bootstrap.Modal.getOrCreateInstance(id);

  function start() {
    const root = document.getElementById("review");
    const data = JSON.parse(document.getElementById("review-data").textContent);
    const life = new AbortController();
    const page = {
      root, data, life, $, $$, make, fill, modal,
      words: data.words,
      fields: data.fields,
      base: root.dataset.base,
      token: root.dataset.token,
      leaving: false,
      state: { checklist: {}, remarks: [], old: {}, message: "", opaque_signed: false, ...data.draft },
      say: (text) => { document.getElementById("announcer").textContent = text; }, // to readers' software only
      held: () => root.dataset.held === "1",
      on: (target, kinds, act, options = {}) => { for (const kind of kinds.split(" ")) target.addEventListener(kind, act, { ...options, signal: life.signal }); },
      every: (milliseconds, act) => {
        const timer = setInterval(act, milliseconds);
        life.signal.addEventListener("abort", () => clearInterval(timer));
      },
    };
    for (const part of parts) part(page);
    return page;
  }

  parts.push((page) => {
    const { root, data, words, state } = page;
    let revision = data.revision;
    let timer = 0;
    let dirty = false;
    let saving = Promise.resolve();

    // The draft.
    async function save() {
      clearTimeout(timer);
      if (!dirty) return;
      dirty = false;
      try {
        const answer = await window.ask(`${page.base}/draft`, { method: "PUT", body: { revision, data: state } });
        revision = answer.revision;
        page.showBlockers(answer.blocked);
        $("#kept").textContent = `✓ ${words.saved}`;
      } catch (error) {
        dirty = true;
        $("#kept").textContent = error.data ? error.message : words.unsaved;
        if (!error.data) timer = setTimeout(page.saved, 5000);
      }
    }
    page.saved = () => { saving = saving.then(save); return saving; };
    page.touched = () => {
      if (data.closed) return;
      dirty = true;
      clearTimeout(timer);
      timer = setTimeout(page.saved, 600);
      page.active();
    };
    page.life.signal.addEventListener("abort", () => clearTimeout(timer));
    page.blocked = data.blocked;
    page.showBlockers = (blocked = page.blocked) => {
      page.blocked = blocked;
      for (const [kind, list] of Object.entries(blocked)) {
        $(`[data-blockers="${kind}"]`).replaceChildren(...list.map((b) => make("li", { textContent: (b.slot ? `${b.slot}: ` : "") + b.words })));
        $(`[data-decide="${kind}"]`).disabled = !page.held() || list.length > 0;
      }
    };

    // The letter.
    const payload = (kind) => ({ ...state, machine_answers: page.machineAnswers(), kind, token: page.token, pinned_artifacts: data.pinned_artifacts, pinned_checks: data.pinned_checks, next: $("#take-next").checked });
    page.letter = async () => {
      dirty = true;
      await page.saved();
      const kind = state.remarks.some((remark) => remark.level === "requirement") ? "return" : state.message && !state.remarks.length ? "reject" : "publish";
      const shown = await window.ask(`${page.base}/preview`, { body: payload(kind) }).catch((error) => window.announce(error.message, "danger"));
      if (!shown) return;
      $("[data-letter-subject]").textContent = shown.subject;
      $("[data-letter-text]").textContent = shown.text;
      $("[data-letter-html]").src = `${page.base}/letter/${kind}`;
      modal("#letter").show();
    };

    // Why this deadline.
    page.on(document, "click", async (event) => {
      const link = event.target.closest("[data-why]");
      if (!link || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const answer = await fetch(`${link.href}?part=1`);
      if (!answer.ok) { window.announce(words.failed, "danger"); return; }
      $("[data-why-body]").replaceChildren(document.createRange().createContextualFragment(await answer.text()));
      modal("#why").show();
    });

    // The decision.
    page.decide = async (kind) => {
      const button = $(`[data-decide="${kind}"]`);
      await Promise.all([page.saved(), page.keeping()]); // what was typed a moment ago counts: what stands against the decision is up to date after it
      if (button.disabled) {
        page.show("decision");
        if (page.blocked[kind].some((each) => each.reason === "reason_needed")) $("#message").focus();
        return;
      }
      const open = [...new Set(state.remarks.flatMap((remark) => [...remark.text.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1])))];
      if (open.length && kind !== "reject") { page.show("remarks"); window.announce(fill(words.unfilled, { names: open.join(", ") }), "warning"); return; }
      if (kind === "reject" && !window.confirm(words.reject)) return;
      await page.saved();
      button.disabled = true;
      try {
        const answer = await window.ask(`${page.base}/decide`, { body: payload(kind) });
        page.leaving = true;
        page.goOn(answer);
      } catch (error) {
        button.disabled = false;
        window.announce(error.message, "danger");
        page.warn(error.message, { stale: error.data?.reason === "looked_at_has_changed" });
        $("#live button")?.focus();
      }
    };

    page.show = (tab) => window.tabler.bootstrap.Tab.getOrCreateInstance(`#tab-${tab}`).show();
    page.on(root, "click", (event) => {
      if (event.target.closest("[data-preview]")) page.letter();
      const mention = event.target.closest("[data-mention]");
      if (mention) {
        const note = $("textarea", mention.form);
        note.setRangeText(`@${mention.dataset.mention} `, note.selectionStart, note.selectionEnd, "end");
        note.focus();
      }
      const made = event.target.closest("[data-decide]");
      if (made) page.decide(made.dataset.decide);
    });
    // Dialogs: the first field is ready to be typed in, Ctrl+Enter sends; afterwards one is where one was.
    let before = null;
    page.on(document, "show.bs.modal", () => { if (document.activeElement !== document.body && !document.activeElement.closest(".modal")) before = document.activeElement; });
    page.on(document, "hidden.bs.modal", ({ target }) => {
      if (document.activeElement === document.body || target.contains(document.activeElement)) before?.focus({ preventScroll: true });
    });
    page.on(document, "shown.bs.modal", (event) => $("input:not([type=hidden]), select, textarea", event.target)?.focus());
    page.on(document, "keydown", (event) => {
      const form = (event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.closest?.(".modal form");
      if (form) { event.preventDefault(); form.requestSubmit(); }
    });
    $("#message").value = state.message;
    page.on($("#message"), "input", (event) => { state.message = event.target.value; page.touched(); });
    $("#opaque").checked = state.opaque_signed;
    page.on($("#opaque"), "change", (event) => { state.opaque_signed = event.target.checked; page.touched(); page.saved(); });
    page.showBlockers();
  });
  return { parts, start };
})();
