// Parts of a page that renew themselves: [data-live] names where their fresh inside comes from, every ten seconds or [data-every]. 304 while nothing has
// changed; what has is morphed into place, so that focus, the scroll, half-typed text and what the reader opened stay, and a [data-kept] whole as long
// as its value is the same. After each change the part gets a "renewed" event; [data-still] stops it for a while, [data-over] inside it for good.
"use strict";
(() => {
  const every = 10; // seconds between two looks
  const callbacks = {
    beforeNodeMorphed: (node, fresh) => !("kept" in (node.dataset || {})) || node.dataset.kept !== fresh.dataset?.kept,
    beforeAttributeUpdated: (name, node) => name !== "open" && !(name === "value" && node.matches("[data-log-search]")),
  };
  window.morph = (part, fresh, morphStyle) => Idiomorph.morph(part, fresh, { morphStyle, ignoreActiveValue: true, callbacks });

  function state(part, lost) {
    document.getElementById("live")?.classList.toggle("lost", lost);
    const words = document.getElementById("live-words");
    if (words) words.textContent = lost ? part.dataset.lost : part.dataset.fresh;
  }

  function keep(part) {
    let etag = "", asking = false;
    async function look() {
      if (document.hidden || asking || "still" in part.dataset) return;
      asking = true;
      try {
        const answer = await fetch(part.dataset.live, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
        if (answer.status === 401 || answer.redirected) { window.location.reload(); return; }
        if (answer.status === 200) {
          const fresh = await answer.text();
          if ("still" in part.dataset) return; // somebody took hold of it meanwhile: the next look brings it
          etag = answer.headers.get("etag") || "";
          window.morph(part, fresh, "innerHTML");
          if (part.querySelector("[data-over]")) clearInterval(timer);
          part.dispatchEvent(new CustomEvent("renewed"));
        }
        state(part, !answer.ok && answer.status !== 304);
      } catch { state(part, true); } finally { asking = false; }
    }
    const timer = setInterval(look, 1000 * (part.dataset.every || every));
    document.addEventListener("visibilitychange", look);
    window.addEventListener("focus", look);
    window.addEventListener("pageshow", (event) => { if (event.persisted) look(); });
  }

  document.querySelectorAll("[data-live]").forEach(keep);
})();
