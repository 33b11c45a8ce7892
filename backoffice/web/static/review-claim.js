// The claim: kept by activity, given back by the beacon of a closing page, taken anew in place; and what others did meanwhile.
"use strict";
window.review.parts.push((page) => {
  const { root, words, $, $$, fill } = page;
  let expires = root.dataset.expires ? new Date(root.dataset.expires) : null;
  let acted = 0;
  let warned = false;
  let lapsed = false; // and nobody else has taken it yet, as far as this page knows
  let keeping = Promise.resolve();
  page.keeping = () => keeping;

  page.active = () => {
    if (!page.held() || page.leaving || Date.now() - acted < 30000) return;
    acted = Date.now();
    keeping = keep();
  };
  async function keep() {
    try {
      expires = new Date((await window.ask(`${page.base}/keep`, { body: { token: page.token } })).expires_at);
      warned = false;
    } catch (error) { if (error.status === 409) lost(error.message); }
  }
  function lost(message, again = true) {
    root.dataset.held = "0";
    lapsed = again;
    for (const button of $$("[data-decide]")) button.disabled = true;
    page.warn(message, { again });
  }
  page.warn = (message, { again = false, stale = false } = {}) => {
    const live = $("#live");
    live.hidden = false;
    live.dataset.stale = stale ? "1" : "";
    live.replaceChildren(page.make("span", { textContent: message }));
    const way = (textContent, onclick) => live.append(" ", page.make("button", { className: "btn btn-sm", type: "button", textContent, onclick }));
    if (again) way(words.again, () => { keeping = take(); });
    if (stale) way(words.reload, () => window.location.reload());
  };
  async function take() {
    acted = Date.now();
    try {
      const claim = await window.ask(`${page.base}/take`, { body: {} });
      page.token = claim.token;
      expires = new Date(claim.expires_at);
      warned = false;
      root.dataset.held = "1";
      for (const field of $$('input[name="token"]')) field.value = claim.token;
      const within = $("#live").contains(document.activeElement);
      $("#live").hidden = true;
      page.showBlockers();
      countDown();
      if (within) $("h1").focus({ preventScroll: true });
      page.say($("[data-countdown]")?.textContent || "");
    } catch (error) { lost(error.message, false); }
  }
  const secondsTo = (instant) => Math.max(0, Math.round((instant - Date.now()) / 1000));
  const leftOf = (seconds) => fill(words.left, { time: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` });
  function countDown() {
    const theirs = $("[data-theirs]"); // a colleague's claim
    if (theirs) theirs.textContent = leftOf(secondsTo(new Date(theirs.dataset.theirs)));
    if (!expires || !page.held()) return;
    const left = secondsTo(expires);
    $("[data-countdown]").textContent = leftOf(left);
    if (left <= 60 && !warned) { warned = true; window.announce(words.lapse, "warning"); }
    if (left === 0) lost(words.lapsed);
  }

  async function look() {
    if (document.hidden) return;
    const { token } = page;
    const now = await window.ask(`${page.base}/state`, { method: "GET", signal: page.life.signal }).catch(() => null);
    if (!now || page.leaving || page.token !== token) return; // taken anew meanwhile: the answer is of before
    if ($("[data-theirs]") && now.claimant && now.expires_at) $("[data-theirs]").dataset.theirs = now.expires_at;
    if (now.decided_by && root.dataset.state !== now.state) {
      document.body.classList.add("decided");
      lost(fill(words.decided, { who: now.decided_by, state: now.state_words }), false);
    } else if (!now.held && (page.held() || (lapsed && now.claimant))) lost(now.claimant ? fill(words.taken, { who: now.claimant }) : words.lapsed, !now.claimant);
    else if (JSON.stringify(now.checks) !== JSON.stringify(page.data.pinned_checks) && !$("#live").dataset.stale) page.warn(words.stale, { stale: true });
  }

  page.on(document, "pointerdown keydown input", page.active, { passive: true });
  page.every(1000, countDown);
  page.every(8000, look);
  page.on(document, "visibilitychange", look);
  page.on(window, "pagehide", () => {
    if (!page.held() || page.leaving) return;
    const form = new FormData();
    form.append("csrf_token", document.querySelector('meta[name="csrf-token"]').content);
    form.append("token", page.token);
    form.append("beacon", "1");
    navigator.sendBeacon(`${page.base}/release`, form);
    sessionStorage.setItem("review.given-back", page.base);
  });
  page.on(document, "submit", (event) => { if ("noBeacon" in event.target.dataset) page.leaving = true; });
  // The page before, of the same submission, gave the claim back as it closed, perhaps after this one was made: it is taken anew.
  if (page.held() && sessionStorage.getItem("review.given-back") === page.base) keeping = take();
  sessionStorage.removeItem("review.given-back");
  document.body.classList.remove("decided");
  countDown();
});
