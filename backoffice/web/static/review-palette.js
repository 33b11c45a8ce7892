// Everything by name (Ctrl+K): acts, points of the checklist, panes, templates, and the queue by whatever was typed.
"use strict";
window.review.parts.push((page) => {
  const { data, $, $$, make, modal } = page;
  const search = $("#palette-search");
  const list = $("#palette-list");

  function entries() {
    const acts = $$("[data-rebind]").map((button) => ({ text: button.dataset.words, hint: $("kbd", button).textContent, run: () => page.pressed($("kbd", button).textContent) }));
    const words = (button) => button.dataset.palette || button.textContent.trim().replace(/\s+/g, " ");
    const pressed = $$(".review-head button[data-bs-toggle], .presets a, [data-palette]").map((button) => ({ text: words(button), run: () => button.click() }));
    const sections = $$("#menu .nav-link").map((link) => ({ text: `→ ${words(link)}`, run: () => link.click() }));
    const points = $$("#work-checklist .point legend").map((legend) => ({ text: `✓ ${$("[data-words]", legend).textContent}`, run: () => { page.step("checklist"); legend.closest(".point").scrollIntoView({ block: "center" }); $("input", legend.closest(".point")).focus(); } }));
    const panes = [...$(".pane [data-pane-select]").options].flatMap((option) => [["←", "left"], ["→", "right"]].map(([arrow, side]) => ({ text: `${arrow} ${option.parentElement.label}: ${option.text}`, run: () => page.open(side, option.value) })));
    const templates = data.templates.map((template) => ({ text: `+ ${template.title}`, run: () => page.fromTemplate(template.id) }));
    return [...acts, ...pressed, ...points, ...panes, ...templates, ...sections].filter((entry) => entry.text);
  }
  let all = [];
  function draw() {
    const wanted = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((entry) => wanted.every((word) => entry.text.toLocaleLowerCase().includes(word))).slice(0, 40);
    if (wanted.length) {
      const words = search.value.trim();
      found.push({ text: page.fill(search.dataset.inQueue, { words }), run: () => window.open(`${search.dataset.queue}&q=${encodeURIComponent(words)}`, "_blank", "noopener") });
    }
    list.replaceChildren(...found.map((entry) => {
      const button = make("button", { type: "button", textContent: entry.text });
      if (entry.hint) button.append(" ", make("kbd", { textContent: entry.hint }));
      button.onclick = () => {
        page.on($("#palette"), "hidden.bs.modal", () => entry.run(), { once: true });
        modal("#palette").hide();
      };
      return make("li", {}, button);
    }));
  }
  page.on(search, "input", draw);
  page.on($("#palette"), "keydown", (event) => {
    const buttons = $$("button", list);
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Enter" && event.target === search) { event.preventDefault(); buttons[0]?.click(); }
    if (event.key === "ArrowDown") { event.preventDefault(); buttons[Math.min(at + 1, buttons.length - 1)]?.focus(); }
    if (event.key === "ArrowUp") { event.preventDefault(); (buttons[at - 1] || search).focus(); }
  });
  page.palette = () => {
    search.value = "";
    all = entries();
    draw();
    modal("#palette").show();
  };
});
