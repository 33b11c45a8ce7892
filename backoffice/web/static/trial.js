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
    if (!running.length || document.hidden) return;
    const answer = await fetch(running[0].dataset.running).catch(() => null);
    if (!answer?.ok) return;
    const fresh = document.createRange().createContextualFragment(await answer.text());
    for (const old of running) {
      const now = fresh.getElementById(old.id);
      if (now) window.morph(old, now.cloneNode(true), "outerHTML");
    }
  }
  setInterval(renew, every);
})();
