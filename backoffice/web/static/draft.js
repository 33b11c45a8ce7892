// The draft's form: saved while it is written, files uploaded by tus in resumable pieces.
"use strict";
(() => {
  const form = document.getElementById("card");
  const words = JSON.parse(document.getElementById("upload-words").textContent);
  const saved = document.getElementById("saved");
  const running = new Set();
  let revision = Number(form.dataset.revision);
  let timer = 0;
  let dirty = false;
  let saving = Promise.resolve();

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const human = (bytes) => {
    const units = document.documentElement.lang === "ru" ? ["Б", "КБ", "МБ", "ГБ"] : ["B", "KB", "MB", "GB"];
    let unit = 0;
    for (; bytes >= 1024 && unit < 3; unit += 1) bytes /= 1024;
    return `${bytes.toLocaleString(document.documentElement.lang, { maximumFractionDigits: bytes < 10 && unit ? 1 : 0 })} ${units[unit]}`;
  };

  function card() {
    const data = { revision, values: [...form.querySelectorAll('[name="values"]:checked')].map((box) => box.value) };
    for (const name of ["title", "description", "characteristics", "requirements"]) data[name] = form.elements[name].value;
    return data;
  }

  function showLacking(names) {
    document.getElementById("lacking").replaceChildren(...names.map(({ name, words: text }) => {
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("a"), { href: `#${name}`, textContent: `○ ${text}` }));
      return item;
    }));
    document.getElementById("complete").hidden = names.length > 0;
  }

  async function save() {
    clearTimeout(timer);
    if (!dirty) return;
    dirty = false;
    saved.textContent = words.saving;
    try {
      const answer = await window.ask(form.dataset.save, { method: "PUT", body: card(), keepalive: false });
      revision = answer.revision;
      showLacking(answer.lacking);
      saved.textContent = `✓ ${words.saved}`;
    } catch (error) {
      dirty = true;
      saved.textContent = error.data ? error.message : words.unsaved;
      if (!error.data) timer = setTimeout(queue, 5000);
    }
  }
  const queue = () => { saving = saving.then(save); return saving; };
  const touched = () => { dirty = true; clearTimeout(timer); timer = setTimeout(queue, 800); };
  form.addEventListener("input", (event) => { if (event.target.type !== "file") touched(); });
  form.addEventListener("submit", (event) => event.preventDefault());

  const text = form.elements.description;
  const count = () => {
    const length = [...text.value].length;
    form.querySelector(".counter").textContent = length.toLocaleString(document.documentElement.lang);
    form.querySelector(".counter-advice").hidden = length <= Number(text.dataset.optimal);
  };
  text.addEventListener("input", count);
  count();

  async function redraw(slot) {
    const answer = await fetch(slot.dataset.row);
    const fresh = document.createRange().createContextualFragment(await answer.text()).firstElementChild;
    slot.replaceWith(fresh);
    dirty = true;
    await queue();
  }

  function refuse(slot, message) {
    const error = slot.querySelector(".upload-error");
    error.textContent = message;
    error.classList.add("d-block");
  }

  function start(slot, file) {
    const name = file.name.toLowerCase();
    const allowed = slot.dataset.extensions.split(",");
    slot.querySelector(".upload-error").classList.remove("d-block");
    if (!allowed.some((extension) => name.endsWith(extension))) return refuse(slot, fill(words.extension, { allowed: allowed.join(" ") }));
    if (file.size > Number(slot.dataset.max)) return refuse(slot, fill(words.large, { limit: human(Number(slot.dataset.max)) }));
    if (!file.size) return refuse(slot, words.empty);
    const box = slot.querySelector(".upload");
    const bar = box.querySelector("progress");
    const status = box.querySelector(".upload-words");
    box.hidden = false;
    box.querySelector(".upload-name").textContent = file.name;
    const upload = new window.tus.Upload(file, {
      endpoint: form.dataset.uploads,
      chunkSize: 8 * 1024 * 1024,
      retryDelays: [0, 1000, 3000, 5000, 10000, 20000],
      metadata: { filename: file.name, submission: form.dataset.submission, slot: slot.dataset.slot },
      fingerprint: async () => ["mlplace", form.dataset.submission, slot.dataset.slot, file.name, file.size, file.lastModified].join("|"),
      removeFingerprintOnSuccess: true,
      headers: { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content, Accept: "application/json" },
      onProgress: (sent, total) => {
        bar.value = (100 * sent) / total;
        status.textContent = `${human(sent)} / ${human(total)}`;
      },
      onShouldRetry: (error) => { status.textContent = words.retry; return ![400, 401, 403, 404, 409].includes(error.originalResponse?.getStatus()); },
      onError: (error) => {
        running.delete(upload);
        let why = error.message;
        try { why = JSON.parse(error.originalResponse.getBody()).words; } catch { /* not ours */ }
        refuse(slot, fill(words.failed, { why }));
      },
      onSuccess: () => { running.delete(upload); status.textContent = words.done; redraw(slot); },
    });
    running.add(upload);
    const pause = box.querySelector("[data-pause]");
    const resume = box.querySelector("[data-resume]");
    const swap = (paused) => { pause.hidden = paused; resume.hidden = !paused; };
    pause.onclick = () => { upload.abort(); swap(true); status.textContent = words.paused; };
    resume.onclick = () => { upload.start(); swap(false); };
    box.querySelector("[data-cancel]").onclick = () => { upload.abort(true); running.delete(upload); box.hidden = true; };
    upload.findPreviousUploads().then((previous) => {
      if (previous.length) upload.resumeFromPreviousUpload(previous[0]);
      upload.start();
    });
    return upload;
  }

  form.addEventListener("change", (event) => {
    if (event.target.type === "file" && event.target.files.length) {
      start(event.target.closest(".slot"), event.target.files[0]);
      event.target.value = "";
    }
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(kind, (event) => {
      const slot = event.target.closest(".slot");
      if (!slot) return;
      event.preventDefault();
      slot.classList.toggle("over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer.files.length) start(slot, event.dataTransfer.files[0]);
    });
  }
  form.addEventListener("click", async (event) => {
    const remove = event.target.closest("[data-remove-file]");
    if (!remove) return;
    const slot = remove.closest(".slot");
    await window.ask(slot.dataset.remove, { method: "DELETE" });
    await redraw(slot);
  });
  document.getElementById("send").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running.size) { window.announce(words.leave, "warning"); return; }
    await queue();
    if (dirty) return; // what could not be saved is not sent without
    event.target.submit();
  });
  window.addEventListener("beforeunload", (event) => {
    if (running.size || dirty) { queue(); event.preventDefault(); }
  });
})();
