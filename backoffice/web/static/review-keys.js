// The review page by keyboard: one table of keys, remappable per person, inactive while typing; and the palette over everything.
"use strict";
(() => {
  const { review } = window;
  const $ = (selector) => document.querySelector(selector);
  const modal = (id) => window.tabler.bootstrap.Modal.getOrCreateInstance(id);
  const press = (selector) => { const found = $(selector); if (found && !found.disabled) found.click(); };
  const scroll = (by) => {
    const body = review.bodyOf(review.current());
    const frame = body.querySelector("iframe.preview");
    if (frame) frame.scrollIntoView({ block: "nearest" });
    body.scrollBy({ top: by * body.clientHeight * 0.4 });
  };
  function turn(by) {
    const select = $(`.pane[data-side="${review.current()}"] [data-pane-select]`);
    const next = (select.selectedIndex + by + select.options.length) % select.options.length;
    review.open(review.current(), select.options[next].value);
  }
  let place = -1;
  function jump(by) {
    const marks = [...document.querySelectorAll(".pane .finding, .pane .diff ins, .pane .diff del")].filter((each) => each.offsetParent);
    if (!marks.length) return;
    place = (place + by + marks.length) % marks.length;
    marks[place].tabIndex = -1;
    marks[place].focus({ preventScroll: true });
    marks[place].scrollIntoView({ block: "center" });
  }
  function cycle(number) {
    const point = $(`.point[data-number="${number}"]`);
    if (!point) return;
    review.show("checklist");
    const order = ["yes", "no", "na"];
    const now = review.checklist()[point.dataset.point];
    review.answer(point.dataset.point, order[(order.indexOf(now) + 1) % 3]);
  }
  const ACTS = {
    h: () => review.focusPane("left"),
    l: () => review.focusPane("right"),
    j: () => scroll(1),
    k: () => scroll(-1),
    "[": () => turn(-1),
    "]": () => turn(1),
    n: () => jump(1),
    p: () => jump(-1),
    r: () => review.addRemark({}),
    "/": () => { review.show("remarks"); $("#template-search").focus(); },
    c: () => review.show("checklist"),
    m: () => review.show("remarks"),
    d: () => review.show("decision"),
    i: () => review.show("notes"),
    o: () => { review.show("decision"); $("#opaque").click(); },
    e: () => review.letter(),
    a: () => review.decide("publish"),
    v: () => review.decide("return"),
    x: () => review.decide("reject"),
    s: () => press('[data-key="s"]'),
    t: () => press('[data-key="t"]'),
    "?": () => modal("#help").show(),
  };
  // Russian layout: the same physical keys.
  const LAYOUT = Object.fromEntries([..."йцукенгшщзхъфывапролдячсмить."].map((letter, index) => [letter, "qwertyuiop[]asdfghjklzxcvbnm/"[index]]));
  const remapped = JSON.parse(localStorage.getItem("review.keys") || "{}");

  window.reviewKey = (event) => {
    if ((event.ctrlKey || event.metaKey) && ["k", "л"].includes(event.key.toLowerCase())) {
      event.preventDefault();
      palette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.querySelector(".modal.show")) return;
    const key = LAYOUT[event.key] || event.key;
    const name = remapped[key] || key;
    if (/^[1-9]$/.test(name)) { cycle(name); event.preventDefault(); return; }
    if (ACTS[name]) { event.preventDefault(); ACTS[name](); }
  };
  document.addEventListener("keydown", window.reviewKey);

  // The palette: panes, templates, buttons.
  function entries() {
    const panes = [...$(".pane [data-pane-select]").options].flatMap((option) => [["←", "left"], ["→", "right"]].map(([arrow, side]) => ({ text: `${arrow} ${option.parentElement.label}: ${option.text}`, run: () => review.open(side, option.value) })));
    const templates = review.data.templates.map((template) => ({ text: `+ ${template.title}`, run: () => review.fromTemplate(template.id) }));
    const buttons = [...document.querySelectorAll("[data-key], .presets a, .work [role=tab]")].map((button) => ({ text: button.textContent.trim().replace(/\s+/g, " "), run: () => button.click() }));
    return [...buttons, ...panes, ...templates].filter((entry) => entry.text);
  }
  function palette() {
    const search = $("#palette-search");
    const all = entries();
    const draw = () => {
      const wanted = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      const found = all.filter((entry) => wanted.every((word) => entry.text.toLocaleLowerCase().includes(word))).slice(0, 40);
      $("#palette-list").replaceChildren(...found.map((entry) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: entry.text });
        button.setAttribute("role", "option");
        button.onclick = () => { modal("#palette").hide(); entry.run(); };
        const item = document.createElement("li");
        item.append(button);
        return item;
      }));
    };
    search.value = "";
    search.oninput = draw;
    search.onkeydown = (event) => {
      if (event.key === "Enter") { event.preventDefault(); $("#palette-list button")?.click(); }
      if (event.key === "ArrowDown") { event.preventDefault(); $("#palette-list button")?.focus(); }
    };
    draw();
    $("#palette").addEventListener("shown.bs.modal", () => search.focus(), { once: true });
    modal("#palette").show();
  }
})();
