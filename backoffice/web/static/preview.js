// A preview in its sandbox: long tables keep only what is seen in the page, JSON opens level by level, texts can be searched,
// a row, page or file can be pointed at for a remark by mouse or by key, and on paper everything is there.
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const make = (tag, attributes = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...children);
    return element;
  };
  const words = JSON.parse($("#words").textContent);
  const tell = (message) => window.parent.postMessage(message, "*");
  const fill = (text, value) => text.replace("{}", value);

  // Long tables: all rows stand in a JSON block, the page holds those in view and two empty ones as tall as the rest.
  const ROW = 26; // pixels, as in preview.css
  const AROUND = 20; // rows kept above and below the view
  const ON_PAPER = 2000; // rows that are printed
  function virtual(holder) {
    const all = JSON.parse($("script", holder).textContent);
    const body = $("tbody", holder);
    const columns = $$("thead th", holder).length;
    const filter = $("input[type=search]", holder);
    let rows = all.map((cells, index) => ({ cells, index }));
    let shown = "";
    const gap = (count) => {
      const cell = make("td", { colSpan: columns });
      const row = make("tr", { className: "gap" }, cell);
      row.setAttribute("aria-hidden", "true");
      row.style.height = `${count * ROW}px`;
      return row;
    };
    function inView() {
      const box = $(".scroll", holder).getBoundingClientRect();
      const first = Math.max(0, Math.floor(-box.top / ROW) - AROUND);
      return [first, Math.max(first, Math.min(rows.length, Math.ceil((window.innerHeight - box.top) / ROW) + AROUND))];
    }
    function draw(force = false, [first, last] = inView()) {
      if (!force && shown === `${first}-${last}`) return;
      shown = `${first}-${last}`;
      const pointed = document.activeElement?.closest("tr")?.getAttribute("aria-rowindex");
      const parts = rows.slice(first, last).map(({ cells, index }) => {
        const row = make("tr", {}, ...cells.map((cell, column) => line(holder, cell, column)));
        row.setAttribute("aria-rowindex", index + 2);
        row.prepend(make("td", { className: "n" }, pin(holder.dataset.pins === "member" ? { member: String(cells[0]) } : { place: fill(words.row, index + 1) }, index + 1)));
        return row;
      });
      body.replaceChildren(...(first ? [gap(first)] : []), ...parts, ...(last < rows.length ? [gap(rows.length - last)] : []));
      if (pointed) $(`tr[aria-rowindex="${pointed}"] .pin`, body)?.focus({ preventScroll: true });
    }
    if (filter) {
      filter.oninput = () => {
        const wanted = filter.value.toLocaleLowerCase();
        rows = all.map((cells, index) => ({ cells, index })).filter(({ cells }) => cells.some((cell) => String(cell ?? "").toLocaleLowerCase().includes(wanted)));
        $("[data-found]", holder).textContent = wanted ? fill(words.found, rows.length) : "";
        window.scrollTo(0, Math.min(window.scrollY, holder.offsetTop));
        draw(true);
      };
    }
    $("table", holder).setAttribute("aria-rowcount", all.length + 1);
    window.addEventListener("scroll", () => draw(), { passive: true });
    window.addEventListener("resize", () => draw());
    window.addEventListener("beforeprint", () => draw(true, [0, Math.min(rows.length, ON_PAPER)]));
    window.addEventListener("afterprint", () => draw(true));
    draw(true);
  }
  function line(holder, cell, column) {
    const element = make("td", { textContent: cell ?? "∅" });
    if (holder.dataset.pins === "member") element.className = column === 0 ? "path" : column === 1 ? "r" : "";
    return element;
  }
  function pin(anchor, label) {
    const button = make("button", { type: "button", className: "pin", textContent: label, title: words.pin });
    button.onclick = () => tell({ anchor });
    return button;
  }

  // JSON: a level is drawn when it is opened.
  function tree(value, name) {
    const label = name === undefined ? [] : [make("span", { className: "key", textContent: name }), ": "];
    if (value === null || typeof value !== "object") return make("div", { className: "leaf" }, ...label, make("code", { textContent: JSON.stringify(value) }));
    const entries = Object.entries(value);
    const kind = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
    const node = make("details", {}, make("summary", {}, ...label, make("small", { textContent: kind })));
    node.addEventListener("toggle", () => { if (node.open && node.childElementCount === 1) node.append(...entries.map(([key, each]) => tree(each, key))); });
    return node;
  }
  function json(holder) {
    const root = tree(JSON.parse($("script", holder).textContent));
    holder.append(root);
    if (root.tagName === "DETAILS") root.open = true;
  }

  // Words of a document: which pages have them, and where.
  function search(box) {
    const input = $("input", box);
    const found = $("[data-hits]", box);
    const texts = $$("[data-text]");
    const plain = texts.map((each) => each.textContent);
    input.oninput = () => {
      const wanted = input.value.trim().toLocaleLowerCase();
      const hits = [];
      texts.forEach((each, index) => {
        const text = plain[index];
        const low = text.toLocaleLowerCase();
        const parts = [];
        let from = 0;
        for (let at = wanted.length > 1 ? low.indexOf(wanted) : -1; at >= 0; at = low.indexOf(wanted, at + wanted.length)) {
          const mark = make("mark", { textContent: text.slice(at, at + wanted.length) });
          parts.push(text.slice(from, at), mark);
          from = at + wanted.length;
          if (hits.length < 200) hits.push({ page: each.dataset.text, mark, near: `…${text.slice(Math.max(0, at - 30), at + wanted.length + 30)}…` });
        }
        each.replaceChildren(...parts, text.slice(from));
      });
      found.replaceChildren(...hits.map(({ page, mark, near }) => {
        const button = make("button", { type: "button", className: "hit" }, ...(page ? [make("b", { textContent: fill(words.page, page) }), " "] : []), near);
        button.onclick = () => {
          mark.closest("details")?.setAttribute("open", "");
          ($(`figure[data-page="${page}"]`) || mark).scrollIntoView({ block: "center" });
        };
        return make("li", {}, button);
      }));
      if (wanted.length > 1 && !hits.length) found.append(make("li", { textContent: words.nothing }));
    };
  }

  for (const holder of $$(".virtual")) virtual(holder);
  for (const holder of $$(".json")) json(holder);
  for (const box of $$(".search")) search(box);
  for (const figure of $$("figure[data-page]")) $("figcaption", figure).append(pin({ place: fill(words.page, figure.dataset.page) }, fill(words.page, figure.dataset.page)));

  // On paper what is folded is unfolded.
  window.addEventListener("beforeprint", () => {
    for (const closed of $$("details:not([open])")) { closed.open = true; closed.dataset.printed = ""; }
  });
  window.addEventListener("afterprint", () => {
    for (const opened of $$("[data-printed]")) { opened.open = false; delete opened.dataset.printed; }
  });

  // With the page around it: scrolling together and keys; its height, by which the page around it is printed whole.
  const root = document.documentElement;
  const tellHeight = () => tell({ height: root.scrollHeight });
  new ResizeObserver(tellHeight).observe(root);
  // The next or previous row, page or member that a remark can be about; Enter begins the remark.
  function point(by) {
    const pins = $$(".pin").filter((each) => each.offsetParent);
    const seen = pins.filter((each) => { const { top, bottom } = each.getBoundingClientRect(); return bottom > 0 && top < window.innerHeight; });
    const at = pins.indexOf(document.activeElement);
    const next = at >= 0 ? pins[at + by] : by > 0 ? (seen[0] || pins[0]) : (seen.at(-1) || pins.at(-1));
    next?.focus();
  }
  let placed = -1; // where the page around put it: that scroll is no wish of a person
  window.addEventListener("scroll", () => {
    if (Math.abs(root.scrollTop - placed) < 1) return;
    placed = -1;
    tell({ scroll: root.scrollTop / Math.max(1, root.scrollHeight - root.clientHeight) });
  }, { passive: true });
  window.addEventListener("message", ({ data, source }) => {
    if (source !== window.parent) return;
    if (data?.ask === "height") tellHeight();
    if (typeof data?.point === "number") point(data.point);
    if (typeof data?.by === "number") window.scrollBy({ top: data.by * root.clientHeight });
    if (typeof data?.scroll !== "number") return;
    root.scrollTop = data.scroll * (root.scrollHeight - root.clientHeight);
    placed = root.scrollTop;
  });
  window.addEventListener("keydown", (event) => {
    if (event.target.matches("input")) { if (event.key === "Escape") event.target.blur(); return; }
    if (!event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey) tell({ key: event.key, code: event.code });
  });
})();
