// A card of the desk's board is dragged to a colleague's column, a row of the queue by its tick to a name in the strip that appears; with all that are
// ticked when it is one of them. What would change is shown first. Whoever does not drag ticks cards and chooses a colleague in the bar above.
"use strict";
(() => {
  const part = document.getElementById("queue"), dialog = document.getElementById("handover");
  let held = null; // { ids, from }

  const columnOf = (node) => node.closest?.("[data-person]");
  const strip = document.getElementById("hand-out");
  const columns = () => document.querySelectorAll("[data-person]");
  const mark = (name, column) => columns().forEach((each) => each.classList.toggle(name, each === column));

  function ids(card) {
    const ticked = [...part.querySelectorAll('input[name="id"]:checked')].map((box) => box.value);
    return ticked.includes(card.dataset.id) ? ticked : [card.dataset.id];
  }

  part.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.("[data-id]");
    if (!card || event.target.matches("a")) return;
    held = { ids: ids(card), from: columnOf(card) };
    part.dataset.still = "";
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", held.ids.join(" "));
    if (event.target !== card) event.dataTransfer.setDragImage(card, 20, 20);
    if (strip) setTimeout(() => { strip.hidden = false; }); // a page that changes at once ends the drag
    for (const id of held.ids) {
      const each = part.querySelector(`[data-id="${id}"]`), barred = (each.dataset.barred || "").split(" ");
      each.classList.add("is-held");
      for (const column of columns()) if (column.dataset.person && barred.includes(column.dataset.person)) column.classList.add("is-barred");
    }
  });

  document.addEventListener("dragover", (event) => {
    const column = columnOf(event.target);
    if (!held || !column || column === held.from) { mark("is-over", null); return; }
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    mark("is-over", column);
  });

  document.addEventListener("drop", (event) => {
    const column = columnOf(event.target);
    if (!held || !column || column === held.from) return;
    event.preventDefault();
    preview(held.ids, column.dataset.person);
  });

  part.addEventListener("dragend", () => {
    if (strip) strip.hidden = true;
    part.querySelectorAll(".is-held").forEach((card) => card.classList.remove("is-held"));
    mark("is-over", null);
    mark("is-barred", null);
    delete part.dataset.still;
    held = null;
  });

  async function preview(chosen, to) {
    const address = new URL(dialog.dataset.preview, window.location.href);
    address.searchParams.set("to", to);
    for (const id of chosen) address.searchParams.append("id", id);
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(answer.statusText);
      document.getElementById("handover-body").innerHTML = await answer.text();
      dialog.showModal();
    } catch {
      address.searchParams.delete("part");
      window.location = address;
    }
  }
})();
