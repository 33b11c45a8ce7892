// The next submission, fetched while this one is looked at; fetching claims nothing. After the decision its page takes this one's place at once.
"use strict";
(() => {
  const FRESH = 180000; // milliseconds a fetched page is good for
  let current = null;

  window.review.parts.push((page) => {
    let ahead = null;
    async function fetchAhead() {
      if (!page.held() || document.hidden || (ahead && Date.now() - ahead.at < FRESH)) return;
      const answer = await fetch(`${page.root.dataset.ahead}?but=${page.root.dataset.id}`, { signal: page.life.signal }).catch(() => null);
      if (answer?.status !== 200) return;
      const doc = new DOMParser().parseFromString(await answer.text(), "text/html");
      const root = doc.getElementById("review");
      if (root) {
        ahead = { at: Date.now(), doc, base: root.dataset.base, checks: JSON.stringify(JSON.parse(doc.getElementById("review-data").textContent).pinned_checks) };
        page.root.dataset.fetched = root.dataset.id;
      }
    }
    const first = setTimeout(fetchAhead, 1500);
    page.life.signal.addEventListener("abort", () => clearTimeout(first));
    page.every(15000, fetchAhead);

    page.goOn = (answer) => {
      const ready = ahead && answer.claim && ahead.base === answer.next && ahead.checks === JSON.stringify(answer.claim.checks);
      if (!ready) {
        if (answer.words) sessionStorage.setItem("review.said", answer.words);
        window.location = answer.next;
        return;
      }
      swap(ahead.doc, answer);
    };
  });

  function swap(doc, answer) {
    current.life.abort();
    const main = document.adoptNode(doc.querySelector("main"));
    const root = main.querySelector("#review");
    root.dataset.token = answer.claim.token;
    root.dataset.expires = answer.claim.expires_at;
    for (const field of main.querySelectorAll('input[name="token"]')) field.value = answer.claim.token;
    main.querySelector("[data-progress]").textContent = answer.progress;
    document.querySelector("main").replaceWith(main);
    document.title = doc.title;
    window.history.pushState(null, "", answer.next);
    begin();
    window.announce(answer.words, "success");
    window.scrollTo(0, 0);
    main.querySelector("h1").focus({ preventScroll: true }); // readers' software says what has come up
  }
  function begin() {
    current = window.review.start();
    const said = sessionStorage.getItem("review.said");
    if (said) window.announce(said, "success");
    sessionStorage.removeItem("review.said");
  }
  begin();
})();
