// The checklist, nine points under the digits at a time, and the remarks of the previous version with what became of them.
// What the machine answered is filled in and marked; it drafts nothing, and a person's answer takes its place.
"use strict";
window.review.parts.push((page) => {
  const { root, data, words, state, $, $$, make, fill } = page;
  const NINE = 9;
  const SLOTS = ["data_example", "instruction", "terms_of_use", "model_archive"];
  let first = 0;

  // «No» drafts its remark, another answer takes it away.
  page.answer = (point, value) => {
    const box = $(`.point[data-point="${CSS.escape(point)}"]`);
    const { remark, about } = box.dataset;
    state.checklist[point] = value;
    page.say(`${$("[data-words]", box).textContent}: ${$(`input[value="${value}"] + label`, box).textContent}`);
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
    for (const box of $$(".point")) {
      const { point, machine } = box.dataset;
      for (const input of $$("input", box)) input.checked = (state.checklist[point] || machine) === input.value;
      box.classList.toggle("by-machine", Boolean(machine) && !state.checklist[point]);
    }
    count();
  };
  const points = () => $$("#work-checklist .point");
  const machines = () => points().filter((box) => box.dataset.machine && !state.checklist[box.dataset.point]);
  page.machineAnswers = () => Object.fromEntries(machines().map((box) => [box.dataset.point, box.dataset.machine]));
  // Who answered stands above every step of the work: no decision rests on the machine's answers unseen.
  function count() {
    const own = points().filter((box) => state.checklist[box.dataset.point]).length;
    const machine = machines().length;
    $("[data-answers]").textContent = fill(words.answers, { own, machine, none: points().length - own - machine });
    const doubts = machines().filter((box) => box.dataset.machine === "no");
    $("[data-doubt]").hidden = $("[data-doubts]").hidden = !doubts.length || doubts[0].disabled;
    $("[data-doubt]").textContent = fill(words.doubts, { count: doubts.length });
    $("[data-doubt-list]").replaceChildren(...doubts.map((box) => {
      const button = make("button", { className: "btn btn-sm btn-ghost-danger text-start text-wrap w-100 justify-content-start", type: "button", textContent: $("[data-words]", box).textContent });
      button.onclick = () => ask(box);
      return make("li", {}, button);
    }));
  }
  function ask(box) {
    page.show("checklist");
    box.scrollIntoView({ block: "center" });
    $("input:checked", box).focus();
  }
  page.on($("[data-doubt]"), "click", () => {
    const doubts = machines().filter((box) => box.dataset.machine === "no");
    ask(doubts[(doubts.indexOf(document.activeElement?.closest(".point")) + 1) % doubts.length]);
  });
  function number() {
    points().forEach((box, index) => {
      const digit = index - first + 1;
      const shown = digit >= 1 && digit <= NINE;
      box.dataset.number = shown ? digit : "";
      $("[data-digit]", box).textContent = shown ? digit : "";
      $("[data-digit]", box).hidden = !shown;
    });
  }
  page.morePoints = () => {
    page.show("checklist");
    first = first + NINE < points().length ? first + NINE : 0;
    number();
    points()[first].scrollIntoView({ block: "start" });
  };
  page.cycle = (digit) => {
    const point = $(`#work-checklist .point[data-number="${digit}"]`);
    if (!point || point.disabled) return;
    page.show("checklist");
    point.scrollIntoView({ block: "nearest" });
    const order = ["yes", "no", "na"];
    page.answer(point.dataset.point, order[(order.indexOf(state.checklist[point.dataset.point]) + 1) % order.length]);
  };

  // The old remarks: the machine only guesses; what a person finds not fixed is carried over.
  const olds = () => $$(".old");
  page.judge = (id, outcome) => {
    if (data.closed) return;
    state.old[id] = outcome;
    const carried = state.remarks.findIndex((each) => each.carried_from === id);
    if (outcome === "not_fixed" && carried < 0) page.addRemark(data.old.find((each) => each.carried_from === id), { focus: false });
    else if (outcome !== "not_fixed" && carried >= 0) { state.remarks.splice(carried, 1); page.drawRemarks(); }
    page.drawOld();
    page.say($(`[data-old="${id}"] input[value="${outcome}"] + label`).textContent);
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
  // A click, not a change: what the machine has ticked already is confirmed by a click, too, and by the space bar, which clicks no ticked one.
  const answered = ({ target }) => page.answer(target.closest(".point").dataset.point, target.value);
  page.on(root, "click", (event) => { if (event.target.matches(".point input")) answered(event); });
  page.on(root, "keydown", (event) => {
    if (event.key === " " && event.target.matches(".point input:checked")) { event.preventDefault(); answered(event); }
  });
  page.on(root, "change", (event) => {
    const old = event.target.closest(".old");
    if (old) page.judge(Number(old.dataset.old), event.target.value);
  });
  number();
  page.drawChecklist();
  page.drawOld();
});
