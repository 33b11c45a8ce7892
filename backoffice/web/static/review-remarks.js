// Remarks: drafted by «no», by a finding, by a template or by hand; each anchored to a place, filled in, edited, removed.
"use strict";
window.review.parts.push((page) => {
  const { root, data, words, fields, state, $, make, fill } = page;
  const SLOTS = ["data_example", "instruction", "terms_of_use", "model_archive"];
  const where = (remark) => [fields[remark.field] || fields[remark.slot] || words.card, remark.member, remark.place].filter(Boolean).join(" · ");

  function drawRemarks(focus = -1) {
    $("[data-remark-count]").textContent = state.remarks.length || "";
    const list = $("#remarks");
    list.replaceChildren(...state.remarks.map(drawRemark));
    if (!state.remarks.length) list.append(make("p", { className: "text-secondary", textContent: words.none }));
    if (focus >= 0) {
      const box = list.children[focus];
      ($("[data-gap]", box) || $("textarea", box)).focus();
    }
  }
  function drawRemark(remark, index) {
    const level = make("select", { className: "form-select form-select-sm w-auto", ariaLabel: words.level });
    for (const name of ["requirement", "guideline", "suggestion", "note"]) level.append(make("option", { value: name, textContent: words[name], selected: remark.level === name }));
    const text = make("textarea", { className: "form-control mt-2", rows: 3, value: remark.text, ariaLabel: words.text, maxLength: 4000 });
    const place = make("button", { className: "btn btn-sm btn-ghost-secondary text-wrap text-start", type: "button", textContent: where(remark), title: words.anchor });
    const remove = make("button", { className: "btn btn-sm btn-icon ms-auto", type: "button", textContent: "×", ariaLabel: words.remove });
    remove.dataset.remove = "";
    const anchor = make("div", { className: "anchor" });
    const holders = make("div", {});
    if (remark.template) drawGaps(holders, remark, text);
    const box = make("div", { className: "remark" }, make("div", { className: "d-flex flex-wrap gap-2 align-items-center" }, level, place, remove), anchor, holders, text);
    box.dataset.level = remark.level;
    place.setAttribute("aria-expanded", "false");
    place.onclick = () => {
      const open = !anchor.childElementCount;
      place.setAttribute("aria-expanded", String(open));
      if (open) drawAnchor(anchor, remark, () => { place.textContent = where(remark); page.touched(); });
      else anchor.replaceChildren();
    };
    level.onchange = () => { remark.level = level.value; box.dataset.level = level.value; page.touched(); };
    text.oninput = () => { remark.text = text.value; page.touched(); };
    remove.onclick = () => {
      page.dropRemark(index);
      ($(`#remarks .remark:nth-child(${Math.min(index + 1, state.remarks.length)}) [data-remove]`) || $("[data-new-remark]")).focus();
    };
    return box;
  }
  function drawAnchor(holder, remark, changed) {
    const what = make("select", { className: "form-select form-select-sm", ariaLabel: words.anchor }, make("option", { value: "", textContent: words.card }));
    for (const [name, label] of Object.entries(fields)) what.append(make("option", { value: name, textContent: label, selected: name === (remark.field || remark.slot) }));
    what.onchange = () => {
      remark.slot = SLOTS.includes(what.value) ? what.value : "";
      remark.field = remark.slot ? "" : what.value;
      changed();
    };
    const member = make("input", { className: "form-control form-control-sm", value: remark.member || "", placeholder: words.member, ariaLabel: words.member, maxLength: 300 });
    const place = make("input", { className: "form-control form-control-sm", value: remark.place || "", placeholder: words.place, ariaLabel: words.place, maxLength: 200 });
    member.oninput = () => { remark.member = member.value; changed(); };
    place.oninput = () => { remark.place = place.value; changed(); };
    holder.replaceChildren(what, member, place);
    what.focus();
  }
  function drawGaps(holder, remark, text) {
    const template = data.templates.find((each) => each.id === remark.template);
    const names = [...new Set([...(remark.source || remark.text).matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]))];
    remark.source ??= remark.text;
    remark.values ??= {};
    for (const name of names) {
      const input = make("input", { className: "form-control form-control-sm mt-1", value: remark.values[name] || "", placeholder: template?.hints?.[name] || name, ariaLabel: template?.hints?.[name] || name });
      input.dataset.gap = name;
      input.oninput = () => {
        remark.values[name] = input.value;
        const given = Object.fromEntries(Object.entries(remark.values).filter(([, value]) => value.trim()));
        remark.text = fill(remark.source, given);
        text.value = remark.text;
        page.touched();
      };
      holder.append(input);
    }
  }

  page.dropRemark = (index) => {
    const [gone] = state.remarks.splice(index, 1);
    if (gone.point) delete state.checklist[gone.point];
    if (gone.carried_from) delete state.old[gone.carried_from];
    page.drawChecklist();
    page.drawOld();
    drawRemarks();
    page.say(words.removed);
    page.touched();
  };
  page.addRemark = (remark, { focus = true } = {}) => {
    if (data.closed) return;
    state.remarks.push({ text: "", level: "requirement", ...remark });
    page.show("remarks");
    drawRemarks(focus ? state.remarks.length - 1 : -1);
    page.touched();
  };
  page.ownRemark = (anchor = page.anchorInHand()) => page.addRemark(anchor);
  page.fromTemplate = (id, extra = {}) => {
    const found = data.templates.find((each) => each.id === id);
    if (!found) return page.addRemark(extra);
    const { level, slot, field, text, version } = found;
    return page.addRemark({ level, slot, field, text, template: id, template_version: version, ...extra });
  };
  page.fromFinding = (button) => {
    const { remarkRule: rule, remarkSlot: slot, remarkMember: member, remarkPlace: place, remarkLevel: level, remarkText: text } = button.dataset;
    page.addRemark({ rule, slot, member, place, level, text });
  };
  page.drawRemarks = drawRemarks;

  // The templates: a tick inserts one, without the tick it is removed.
  const search = $("#template-search");
  function drawTemplates() {
    const wanted = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const open = wanted.length > 0 || document.activeElement === search;
    const found = data.templates.filter((t) => wanted.every((word) => `${t.title} ${t.text}`.toLocaleLowerCase().includes(word)));
    const shown = wanted.length ? found : found.filter((t) => t.fits || open).slice(0, 12);
    $("#template-list").replaceChildren(...shown.map((t, index) => {
      const used = state.remarks.findIndex((remark) => remark.template === t.id);
      const button = make("button", { type: "button", textContent: `${used >= 0 ? "☑" : "☐"} ${t.title}` });
      button.setAttribute("role", "checkbox");
      button.setAttribute("aria-checked", String(used >= 0));
      button.onclick = () => {
        if (used < 0) page.fromTemplate(t.id);
        else page.dropRemark(used);
        drawTemplates();
        if (used >= 0) ($(`#template-list li:nth-child(${index + 1}) button`) || search).focus();
      };
      return make("li", {}, button);
    }));
    if (!shown.length && wanted.length) $("#template-list").append(make("li", { className: "text-secondary", textContent: words.nothing }));
  }
  page.on(search, "input focus", drawTemplates);
  page.on(search, "keydown", (event) => {
    if (event.key === "Enter") { $("#template-list button")?.click(); search.value = ""; event.preventDefault(); }
    if (event.key === "ArrowDown") { $("#template-list button")?.focus(); event.preventDefault(); }
    if (event.key === "Escape") search.blur();
  });
  page.on($("#template-list"), "keydown", (event) => {
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (!step) return;
    event.preventDefault();
    ($("button", event.target.closest("li")?.[step] || $("#template-list")) || search).focus();
  });

  page.on(root, "click", (event) => {
    const taken = event.target.closest("[data-remark-rule]");
    if (taken) page.fromFinding(taken);
    if (event.target.closest("[data-new-remark]")) page.ownRemark();
  });
  drawRemarks();
  drawTemplates();
});
