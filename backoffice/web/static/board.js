// The board of the desk: a card is dragged to a colleague's column, with all that are ticked when it is one of them. What would change is shown
// first. Whoever does not drag ticks cards and chooses a colleague in the bar above.
"use strict";
(() => {
  const part = document.getElementById("queue"), dialog = document.getElementById("handover");
  let held = null; // { ids, from }

  const columnOf = (node) => node.closest?.("[data-person]");
  const mark = (name, column) => part.querySelectorAll("[data-person]").forEach((each) => each.classList.toggle(name, each === column));

  function ids(card) {
    const ticked = [...part.querySelectorAll('input[name="id"]:checked')].map((box) => box.value);
    return ticked.includes(card.dataset.id) ? ticked : [card.dataset.id];
  }

  part.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.("[data-id]");
    if (!card) return;
    held = { ids: ids(card), from: columnOf(card) };
    part.dataset.still = "";
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", held.ids.join(" "));
    for (const id of held.ids) {
      const each = part.querySelector(`[data-id="${id}"]`), barred = each.dataset.barred.split(" ");
      each.classList.add("is-held");
      for (const column of part.querySelectorAll("[data-person]")) if (column.dataset.person && barred.includes(column.dataset.person)) column.classList.add("is-barred");
    }
  });

  part.addEventListener("dragover", (event) => {
    const column = columnOf(event.target);
    if (!held || !column || column === held.from) { mark("is-over", null); return; }
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    mark("is-over", column);
  });

  part.addEventListener("drop", (event) => {
    const column = columnOf(event.target);
    if (!held || !column || column === held.from) return;
    event.preventDefault();
    preview(held.ids, column.dataset.person);
  });

  part.addEventListener("dragend", () => {
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
