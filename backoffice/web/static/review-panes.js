// The two panes: what they show, the pair in the address and of each step, scrolling together, the divider.
"use strict";
window.review.parts.push((page) => {
  const { root, data, words, $, $$ } = page;
  const SIDES = ["left", "right"];
  const paneOf = (side) => $(`.pane[data-side="${side}"]`);
  const bodyOf = (side) => $("[data-pane-body]", paneOf(side));
  const selectOf = (side) => $("[data-pane-select]", paneOf(side));
  const pair = () => SIDES.map((side) => selectOf(side).value);
  const offered = (side, name) => [...selectOf(side).options].some((option) => option.value === name);

  let current = "left";
  page.inHand = () => current;
  page.focusPane = (side) => {
    current = side;
    for (const pane of $$(".pane")) pane.classList.toggle("current", pane.dataset.side === side);
  };

  page.goToPane = (side) => {
    page.focusPane(side);
    bodyOf(side).focus({ preventScroll: true });
  };

  // What a pane shows. Whoever goes back in the history comes back to where they had scrolled.
  const shown = { left: selectOf("left").value, right: selectOf("right").value };
  const places = { left: {}, right: {} };
  async function load(side, name, back) {
    const answer = await fetch(`${page.base}/pane/${name.split("/").map(encodeURIComponent).join("/")}`, { signal: page.life.signal }).catch(() => null);
    if (!answer?.ok) { if (!page.life.signal.aborted) window.announce(words.failed, "danger"); return; }
    const text = await answer.text();
    if (selectOf(side).value !== name) return; // another was chosen meanwhile
    const body = bodyOf(side);
    const within = body.contains(document.activeElement);
    places[side][shown[side]] = body.scrollTop;
    shown[side] = name;
    body.replaceChildren(document.createRange().createContextualFragment(text));
    body.scrollTop = (back && places[side][name]) || 0;
    if (within) body.focus({ preventScroll: true }); // what was in hand is gone
    page.say(`${paneOf(side).ariaLabel}: ${selectOf(side).selectedOptions[0].textContent}`);
    page.drawChecklist();
  }
  page.open = async (side, name, { remember = true } = {}) => {
    if (!offered(side, name)) return;
    selectOf(side).value = name;
    if (remember) {
      const url = new URL(window.location);
      url.searchParams.set(side, name);
      window.history.pushState(null, "", url);
      keepPair();
    }
    alike();
    await load(side, name, !remember);
  };
  page.openAt = async (side, name, anchor) => {
    if (!offered(side, name)) return;
    if (selectOf(side).value !== name) await page.open(side, name);
    $(`[data-anchor="${CSS.escape(anchor)}"]`, bodyOf(side))?.scrollIntoView({ block: "start" });
  };
  page.turn = (by) => {
    const { options, selectedIndex } = selectOf(current);
    page.open(current, options[(selectedIndex + by + options.length) % options.length].value);
  };
  function openPair([left, right], options) {
    if (selectOf("left").value !== left) page.open("left", left, options);
    if (selectOf("right").value !== right) page.open("right", right, options);
  }
  page.nextPair = () => {
    const pairs = $$("[data-preset]").map((each) => each.dataset.preset);
    openPair(pairs[(pairs.indexOf(pair().join("|")) + 1) % pairs.length].split("|"));
  };
  page.on(window, "popstate", () => {
    const here = new URL(window.location);
    if (here.pathname !== new URL(page.base, here).pathname) { window.location.reload(); return; }
    openPair(SIDES.map((side) => here.searchParams.get(side) || root.dataset[side]), { remember: false });
  });

  // Each step of the work (checklist, remarks, decision, notes) remembers the pair that was looked at in it.
  const store = `review.steps.${root.dataset.id}`;
  const steps = JSON.parse(sessionStorage.getItem(store) || "{}");
  let step = "checklist";
  function keepPair() {
    steps[step] = pair();
    sessionStorage.setItem(store, JSON.stringify(steps));
  }
  page.step = (name) => {
    keepPair();
    step = name;
    page.show(name);
    $(`#tab-${name}`).focus();
    if (steps[name]) openPair(steps[name]);
  };

  // Scrolling together: by itself for like things.
  const together = $("[data-sync-scroll]");
  const thing = (name) => name.replace(/^(was|live)\./, "");
  function alike() {
    const [left, right] = pair();
    together.checked = left !== right && thing(left) === thing(right);
  }
  const placed = { left: -1, right: -1 }; // where following put a pane: that scroll is no wish of a person
  function follow(from, part) {
    if (!together.checked) return;
    const side = from === "left" ? "right" : "left";
    const other = bodyOf(side);
    const frame = $("iframe.preview", other);
    if (frame) { frame.contentWindow.postMessage({ scroll: part }, "*"); return; }
    other.scrollTop = part * (other.scrollHeight - other.clientHeight);
    placed[side] = other.scrollTop;
  }
  for (const side of SIDES) {
    page.on(bodyOf(side), "scroll", ({ target }) => {
      if (Math.abs(target.scrollTop - placed[side]) < 1) return;
      placed[side] = -1;
      follow(side, target.scrollTop / Math.max(1, target.scrollHeight - target.clientHeight));
    }, { passive: true });
  }
  page.scroll = (by) => {
    const body = bodyOf(current);
    const frame = $("iframe.preview", body);
    if (frame) frame.contentWindow.postMessage({ by: by * 0.4 }, "*");
    else body.scrollBy({ top: by * body.clientHeight * 0.4 });
  };

  // Changes and findings, one after another; in a preview its rows, pages or members.
  page.jump = (by) => {
    const frame = $("iframe.preview", bodyOf(current));
    if (frame) {
      frame.focus();
      frame.contentWindow.postMessage({ point: by }, "*");
      return;
    }
    const marks = $$(".pane .finding, .pane .diff ins, .pane .diff del").filter((each) => each.offsetParent);
    if (!marks.length) return;
    const at = marks.indexOf(document.activeElement);
    const next = marks[at < 0 ? (by > 0 ? 0 : marks.length - 1) : (at + by + marks.length) % marks.length];
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "center" });
  };
  page.takeFinding = () => {
    const button = document.activeElement?.closest(".finding")?.querySelector("[data-remark-rule]");
    if (button) page.fromFinding(button);
  };

  // Where a remark of one's own belongs: to the change or file in hand.
  page.anchorInHand = () => {
    const [kind, ...rest] = thing(selectOf(current).value).split(".");
    if (kind === "card") return { field: rest[0] };
    if (kind === "file") return { slot: rest[0] };
    if (kind === "member") return { slot: rest[0], member: selectOf(current).selectedOptions[0].textContent };
    const change = document.activeElement?.closest(".pane [data-anchor]")?.dataset.anchor;
    return change ? { [["data_example", "instruction", "terms_of_use", "model_archive"].includes(change) ? "slot" : "field"]: change } : {};
  };

  // Messages of the previews: they may scroll, walk and begin a remark, and never decide.
  const HARMLESS = new Set(["left", "right", "down", "up", "previous_content", "next_content", "next_mark", "previous_mark", "checklist", "remarks", "decision", "notes", "remark", "templates", "help"]);
  page.on(window, "message", (event) => {
    const frame = $$("iframe.preview").find((each) => each.contentWindow === event.source);
    if (!frame || typeof event.data !== "object" || !event.data) return;
    const { scroll, key, code, anchor, height } = event.data;
    const { side } = frame.closest(".pane").dataset;
    if (typeof height === "number") { frame.style.setProperty("--whole", `${Math.min(height, 20000)}px`); return; }
    page.active();
    page.focusPane(side);
    if (typeof scroll === "number") follow(side, scroll);
    if (typeof key === "string") page.pressed(page.keyName({ key, code: String(code || "") }), HARMLESS);
    if (anchor && typeof anchor === "object") page.ownRemark({ ...page.anchorInHand(), ...(anchor.place ? { place: String(anchor.place).slice(0, 200) } : {}), ...(anchor.member ? { member: String(anchor.member).slice(0, 300) } : {}) });
  });
  // Those that were there before this listened have told their height to nobody.
  for (const frame of $$("iframe.preview")) frame.contentWindow.postMessage({ ask: "height" }, "*");

  // The divider.
  const divider = $(".divider");
  function divide(percent) {
    const value = Math.min(80, Math.max(20, percent));
    root.style.setProperty("--left", value);
    divider.setAttribute("aria-valuenow", Math.round(value));
    localStorage.setItem("review.left", value);
  }
  divide(Number(localStorage.getItem("review.left")) || 50);
  page.on(divider, "pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId);
    root.classList.add("dividing");
  });
  page.on(divider, "pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const left = root.getBoundingClientRect().left;
    divide((100 * (event.clientX - left)) / (root.clientWidth - $(".work").clientWidth - 20));
  });
  page.on(divider, "pointerup pointercancel", () => root.classList.remove("dividing"));
  page.on(divider, "keydown", (event) => {
    const by = { ArrowLeft: -5, ArrowRight: 5 }[event.key];
    if (by) { divide(Number(divider.getAttribute("aria-valuenow")) + by); event.preventDefault(); }
  });

  page.on(root, "change", (event) => {
    if (event.target.matches("[data-pane-select]")) page.open(event.target.closest(".pane").dataset.side, event.target.value);
  });
  page.on(root, "focusin pointerdown", (event) => { const pane = event.target.closest(".pane"); if (pane) page.focusPane(pane.dataset.side); });
  page.on(document, "click", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    const preset = event.target.closest("[data-preset]");
    const opens = event.target.closest("[data-open-pane]");
    const step = event.target.closest(".work [role=tab]");
    if (step) page.step(step.id.replace("tab-", ""));
    if (preset) { event.preventDefault(); openPair(preset.dataset.preset.split("|")); }
    if (opens && offered("left", opens.dataset.openPane)) {
      event.preventDefault();
      const side = opens.closest(".pane")?.dataset.side;
      const other = opens.dataset.openIn === "here" ? side : side === "left" ? "right" : "left";
      page.open(window.matchMedia("(max-width: 991.98px)").matches ? "right" : other, opens.dataset.openPane);
    }
  });
  alike();
  page.focusPane("left");
});
