// The review page by keyboard: acts with their keys, which each person may move; inactive while typing.
"use strict";
window.review.parts.push((page) => {
  const { data, words, $, $$, modal, fill } = page;
  const press = (act) => { const found = $(`button[data-act="${act}"]`); if (found && !found.disabled) found.click(); };
  const ACTS = {
    left: () => page.goToPane("left"),
    right: () => page.goToPane("right"),
    down: () => page.scroll(1),
    up: () => page.scroll(-1),
    previous_content: () => page.turn(-1),
    next_content: () => page.turn(1),
    pair: () => page.nextPair(),
    next_mark: () => page.jump(1),
    previous_mark: () => page.jump(-1),
    finding: () => page.takeFinding(),
    remark: () => page.ownRemark(),
    templates: () => { page.show("remarks"); $("#template-search").focus(); },
    old: () => page.nextOld(),
    carry: () => page.carry(),
    checklist: () => page.step("checklist"),
    more_points: () => page.morePoints(),
    remarks: () => page.step("remarks"),
    decision: () => page.step("decision"),
    notes: () => page.step("notes"),
    opaque: () => { page.show("decision"); $("#opaque").click(); },
    letter: () => page.letter(),
    publish: () => page.decide("publish"),
    return: () => page.decide("return"),
    reject: () => page.decide("reject"),
    skip: () => press("skip"),
    take: () => press("take"),
    why: () => $("[data-why]")?.click(),
    help: () => modal("#help").show(),
  };
  let acts = {}; // key -> act
  function bind(keys) {
    acts = Object.fromEntries(Object.entries(keys).map(([act, key]) => [key, act]));
    for (const shown of $$("kbd[data-key-of]")) shown.textContent = keys[shown.dataset.keyOf];
  }

  // A key's name is its place on a keyboard with the Latin layout.
  const CODES = { BracketLeft: "[", BracketRight: "]", Semicolon: ";", Quote: "'", Comma: ",", Period: ".", Slash: "/", Backslash: "\\", Minus: "-", Equal: "=", Backquote: "`" };
  page.keyName = ({ key, code, shiftKey }) => {
    if (key === "?" || (shiftKey && code === "Slash")) return "?";
    if (shiftKey) return "";
    return /^Key[A-Z]$/.test(code) ? code[3].toLowerCase() : /^Digit\d$/.test(code) ? code[5] : CODES[code] || key;
  };
  page.pressed = (name, only = null) => {
    if (/^[1-9]$/.test(name)) { if (only) return false; page.cycle(name); return true; }
    const act = acts[name];
    if (!act || (only && !only.has(act))) return false;
    ACTS[act]();
    return true;
  };
  page.on(document, "keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.code === "KeyK") { event.preventDefault(); page.palette(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.querySelector(".modal.show, dialog[open]")) return;
    if (page.pressed(page.keyName(event))) event.preventDefault();
  });

  // Moving a key: press the button of an act, then the new key.
  let waiting = null;
  const say = (text) => { $("#keys-said").textContent = text; };
  function wait(button) {
    waiting?.classList.remove("active");
    waiting = button;
    button?.classList.add("active");
    say(button ? fill(words.press_key, { act: button.dataset.words }) : "");
  }
  async function change(body) {
    try {
      bind((await window.ask(page.root.dataset.keys, { body })).keys);
      say(words.key_kept);
    } catch (error) { say(error.message); }
  }
  page.on($("#help"), "click", (event) => {
    const button = event.target.closest("[data-rebind]");
    if (button) wait(waiting === button ? null : button);
    if (event.target.closest("[data-reset-keys]")) { wait(null); change({ reset: true }); }
  });
  page.on($("#help"), "keydown", (event) => {
    if (!waiting || ["Tab", "Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const { rebind: act } = waiting.dataset;
    wait(null);
    if (event.key !== "Escape") change({ act, key: page.keyName(event) || event.key });
  }, { capture: true });
  page.on($("#help"), "hide.bs.modal", () => wait(null));
  bind(data.keys);
});
