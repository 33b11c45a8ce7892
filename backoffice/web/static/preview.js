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

  // Long tables: all rows stand in a JSON block, the page holds those in view and two empty ones as tall as the rest. Of a wide table it also holds only
  // the columns in view; their widths are fixed for that, so that nothing moves under the reader.
  const ROW = 26; // pixels, as in preview.css
  const AROUND = 20; // rows kept above and below the view
  const ON_PAPER = 2000; // rows that are printed
  const BLOCK = 10; // columns that stand beside each other on paper
  const WIDE = 30; // columns, from which on a table is wide
  const MARGIN = 300; // pixels on both sides of the view whose columns are kept
  const LETTER = 8, PADDING = 18, NUMBER = 56; // pixels of a cell, and of the row's number
  const BOLD = 1.25; // times as wide as in a cell a letter of a head is
  const LONG = 24; // letters of a cell from which on pointing at it shows all of them
  function virtual(holder) {
    const all = JSON.parse($("script", holder).textContent);
    const table = $("table", holder);
    const body = $("tbody", holder);
    const heads = $$("thead th", holder).slice(1);
    const filter = $("input[type=search]", holder);
    const edges = heads.length >= WIDE ? fix(table, heads, all) : null;
    let rows = all.map((cells, index) => ({ cells, index }));
    let shown = "";
    const gap = (count) => {
      const row = make("tr", { className: "gap" }, make("td", { colSpan: heads.length + 1 }));
      row.setAttribute("aria-hidden", "true");
      row.style.height = `${count * ROW}px`;
      return row;
    };
    const before = (pixels) => edges.filter((edge) => edge <= pixels).length; // columns that begin there or further left
    const skipped = (count) => (count ? [make("td", { colSpan: count, ariaHidden: "true" })] : []);
    function inView() {
      const box = $(".scroll", holder).getBoundingClientRect();
      const first = Math.max(0, Math.floor(-box.top / ROW) - AROUND);
      const last = Math.max(first, Math.min(rows.length, Math.ceil((window.innerHeight - box.top) / ROW) + AROUND));
      const columns = edges ? [Math.max(0, before(-box.left - MARGIN) - 1), before(window.innerWidth - box.left + MARGIN)] : [0, heads.length];
      return [first, last, ...columns];
    }
    function draw(force = false, view = inView()) {
      if (!force && shown === String(view)) return;
      shown = String(view);
      const [first, last, left, right] = view;
      const pointed = document.activeElement?.closest("tr")?.getAttribute("aria-rowindex");
      const parts = rows.slice(first, last).map(({ cells, index }) => {
        const there = cells.slice(left, right).map((cell, column) => line(holder, cell, left + column));
        const row = make("tr", {}, ...skipped(left), ...there, ...skipped(heads.length - right));
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
        window.scrollTo(window.scrollX, Math.min(window.scrollY, holder.offsetTop));
        draw(true);
      };
    }
    table.setAttribute("aria-rowcount", all.length + 1);
    table.setAttribute("aria-colcount", heads.length + 1);
    window.addEventListener("scroll", () => draw(), { passive: true });
    window.addEventListener("resize", () => draw());
    window.addEventListener("beforeprint", () => {
      table.hidden = heads.length > BLOCK;
      if (table.hidden) table.after(...blocks(heads, rows.slice(0, ON_PAPER)));
      else draw(true, [0, Math.min(rows.length, ON_PAPER), 0, heads.length]);
    });
    window.addEventListener("afterprint", () => {
      for (const block of $$(".block", holder)) block.remove();
      table.hidden = false;
      draw(true);
    });
    draw(true);
  }
  // On paper a table of many columns stands in blocks of them, one under the other, each with the numbers of the rows.
  function blocks(heads, rows) {
    const made = [];
    for (let from = 0; from < heads.length; from += BLOCK) {
      const part = (cells) => cells.slice(from, from + BLOCK);
      const head = make("tr", {}, make("th", { textContent: "№" }), ...part(heads).map((each) => each.cloneNode(true)));
      const lines = rows.map(({ cells, index }) => make("tr", {}, ...[index + 1, ...part(cells)].map((cell) => make("td", { textContent: cell ?? "∅" }))));
      made.push(make("table", { className: "block" }, make("thead", {}, head), make("tbody", {}, ...lines)));
    }
    return made;
  }
  // Widths by the longest of a column's first cells; where each column begins, in pixels from the table's left edge.
  function fix(table, heads, all) {
    const widths = heads.map((head, column) => {
      const name = head.firstChild.textContent;
      const cells = all.slice(0, 50).map((row) => String(row[column] ?? "").length);
      head.title = name;
      return Math.min(LONG, Math.max(6, Math.ceil(BOLD * name.length), ...cells)) * LETTER + PADDING;
    });
    const edges = [NUMBER];
    for (const width of widths) edges.push(edges.at(-1) + width);
    heads.forEach((head, column) => { head.style.width = `${widths[column]}px`; });
    $("thead th", table).style.width = `${NUMBER}px`;
    table.style.width = `${edges.pop()}px`;
    table.classList.add("wide");
    return edges;
  }
  function line(holder, cell, column) {
    const element = make("td", { textContent: cell ?? "∅" });
    if (element.textContent.length > LONG) element.title = element.textContent;
    if (holder.dataset.pins === "member") element.className = column === 0 ? "path" : column === 1 ? "r" : "";
    element.setAttribute("aria-colindex", column + 2);
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
