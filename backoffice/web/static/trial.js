// Trial installations: search in their logs, from a finding to its line of the config, and checks that renew themselves while they run (live.js has to
// be there first).
"use strict";
(() => {
  const every = 3000; // milliseconds between two looks at running checks

  document.addEventListener("input", ({ target }) => {
    if (!target.matches("[data-log-search]")) return;
    const wanted = target.value.trim().toLocaleLowerCase();
    const logs = [...target.parentElement.parentElement.querySelectorAll("[data-log]")];
    let found = 0;
    for (const log of logs) {
      let here = 0;
      for (const line of log.querySelectorAll("span")) {
        const hit = line.textContent.toLocaleLowerCase().includes(wanted);
        line.hidden = !hit;
        here += hit;
      }
      if (wanted) log.open = here > 0;
      found += here;
    }
    const told = target.parentElement.querySelector("[data-log-found]");
    told.textContent = wanted ? told.dataset.words.replace("%s", found) : "";
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-config-line]");
    if (!link) return;
    // Both panes may show the same check: the line nearest to the finding is meant.
    const id = link.hash.slice(1);
    let around = link.parentElement;
    while (around && !around.querySelector(`[id="${id}"]`)) around = around.parentElement;
    const line = around?.querySelector(`[id="${id}"]`);
    if (!line) return;
    event.preventDefault();
    for (const each of document.querySelectorAll("[data-line].meant")) each.classList.remove("meant");
    for (let each = line.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
    line.classList.add("meant");
    line.scrollIntoView({ block: "center" });
  });

  async function renew() {
    const running = [...document.querySelectorAll("[data-running]")];
    const answer = running.length && !document.hidden && (await fetch(running[0].dataset.running).catch(() => null));
    const text = answer?.ok && (await answer.text().catch(() => ""));
    if (text) {
      const fresh = document.createRange().createContextualFragment(text);
      for (const old of running) {
        const now = fresh.getElementById(old.id);
        if (now && old.isConnected) put(old, now.cloneNode(true));
      }
    }
    setTimeout(renew, every); // after the answer: a late one never comes over a newer
  }
  // Another result has other lines, and perhaps not what one had in hand: the search is done anew, the focus stays in the pane.
  function put(old, now) {
    const pane = old.contains(document.activeElement) ? old.closest("[data-pane-body]") : null;
    window.morph(old, now, "outerHTML");
    for (const search of old.querySelectorAll("[data-log-search]")) if (search.value) search.dispatchEvent(new Event("input", { bubbles: true }));
    if (document.activeElement === document.body) pane?.focus({ preventScroll: true });
  }
  setTimeout(renew, every);
})();
