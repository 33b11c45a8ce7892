// The checklist, nine points under the digits at a time, and the remarks of the previous version with what became of them.
"use strict";
window.review.parts.push((page) => {
  const { root, data, state, $, $$ } = page;
  const NINE = 9;
  const SLOTS = ["data_example", "instruction", "terms_of_use", "model_archive"];
  let first = 0;

  // «No» drafts its remark, another answer takes it away.
  page.answer = (point, value) => {
    const { remark, about } = $(`.point[data-point="${CSS.escape(point)}"]`).dataset;
    state.checklist[point] = value;
    const drafted = state.remarks.findIndex((each) => each.point === point);
    if (value === "no" && drafted < 0 && remark) page.fromTemplate(remark, { point, ...(SLOTS.includes(about) ? { slot: about } : { field: about }) });
    else if (value !== "no" && drafted >= 0) {
      state.remarks.splice(drafted, 1);
      page.drawRemarks();
    }
    page.drawChecklist();
    page.touched();
  };
  page.drawChecklist = () => {
    for (const box of $$(".point")) for (const input of $$("input", box)) input.checked = state.checklist[box.dataset.point] === input.value;
  };
  function number() {
    $$("#work-checklist .point").forEach((box, index) => {
      const digit = index - first + 1;
      const shown = digit >= 1 && digit <= NINE;
      box.dataset.number = shown ? digit : "";
      $("[data-digit]", box).textContent = shown ? digit : "";
      $("[data-digit]", box).hidden = !shown;
    });
  }
  page.morePoints = () => {
    page.show("checklist");
    const points = $$("#work-checklist .point");
    first = first + NINE < points.length ? first + NINE : 0;
    number();
    points[first].scrollIntoView({ block: "start" });
  };
  page.cycle = (digit) => {
    const point = $(`#work-checklist .point[data-number="${digit}"]`);
    if (!point) return;
    page.show("checklist");
    point.scrollIntoView({ block: "nearest" });
    const order = ["yes", "no", "na"];
    page.answer(point.dataset.point, order[(order.indexOf(state.checklist[point.dataset.point]) + 1) % order.length]);
  };

  // The old remarks: the machine only guesses; what a person finds not fixed is carried over.
  const olds = () => $$(".old");
  page.judge = (id, outcome) => {
    state.old[id] = outcome;
    const carried = state.remarks.findIndex((each) => each.carried_from === id);
    if (outcome === "not_fixed" && carried < 0) page.addRemark(data.old.find((each) => each.carried_from === id), { focus: false });
    else if (outcome !== "not_fixed" && carried >= 0) { state.remarks.splice(carried, 1); page.drawRemarks(); }
    page.drawOld();
    page.touched();
  };
  page.drawOld = () => {
    for (const box of olds()) {
      const id = Number(box.dataset.old);
      const carried = state.remarks.some((each) => each.carried_from === id);
      for (const input of $$("input", box)) input.checked = state.old[id] === input.value;
      box.classList.toggle("carried", carried);
    }
  };
  page.nextOld = (from = document.activeElement?.closest(".old")) => {
    const all = olds();
    if (!all.length) return;
    const box = all[(all.indexOf(from) + 1) % all.length];
    page.show("remarks");
    box.focus();
    box.scrollIntoView({ block: "nearest" });
    page.openAt("left", "diff", box.dataset.anchor);
  };
  page.carry = () => {
    const box = document.activeElement?.closest(".old") || olds().find((each) => !each.classList.contains("carried"));
    if (!box) return;
    page.judge(Number(box.dataset.old), "not_fixed");
    const all = olds();
    const next = all[all.indexOf(box) + 1];
    if (next) page.nextOld(box); else box.focus();
  };

  page.on(root, "click", (event) => {
    const shown = event.target.closest("[data-old-diff]");
    if (shown) page.openAt("left", "diff", shown.closest(".old").dataset.anchor);
  });
  page.on(root, "change", (event) => {
    const point = event.target.closest(".point");
    if (point) page.answer(point.dataset.point, event.target.value);
    const old = event.target.closest(".old");
    if (old) page.judge(Number(old.dataset.old), event.target.value);
  });
  number();
  page.drawChecklist();
  page.drawOld();
});
