// What every page needs: theme, confirmations, JSON requests with the CSRF token, announcements.
"use strict";
const csrf = () => document.querySelector('meta[name="csrf-token"]').content;

async function ask(url, { method = "POST", body, headers = {}, ...rest } = {}) {
  const isForm = body instanceof FormData;
  const answer = await fetch(url, {
    method,
    headers: { "X-CSRFToken": csrf(), Accept: "application/json", ...(body && !isForm ? { "Content-Type": "application/json" } : {}), ...headers },
    body: body && !isForm ? JSON.stringify(body) : body,
    ...rest,
  });
  const data = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (!answer.ok) throw Object.assign(new Error(data.words || answer.statusText), { status: answer.status, data });
  return data;
}

function announce(text, kind = "info") {
  document.getElementById("announcer").textContent = text;
  let stack = document.getElementById("toasts");
  if (!stack) {
    stack = Object.assign(document.createElement("div"), { id: "toasts", className: "toasts d-print-none" });
    document.body.append(stack);
  }
  const toast = Object.assign(document.createElement("div"), { className: `alert alert-${kind} alert-important`, textContent: text });
  stack.append(toast);
  setTimeout(() => toast.remove(), kind === "danger" ? 9000 : 5000);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("fetch" in form.dataset) || event.defaultPrevented) return;
  event.preventDefault();
  try {
    const data = await ask(form.action, { body: new FormData(form), headers: { "X-Requested-With": "fetch" } });
    announce(data.words || "", "success");
    form.reset();
    form.closest(".modal")?.querySelector("[data-bs-dismiss]")?.click();
  } catch (error) {
    announce(error.message, "danger");
  }
});

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-theme-toggle]");
  if (toggle) {
    const root = document.documentElement;
    const dark = root.dataset.bsTheme !== "dark";
    root.dataset.bsTheme = dark ? "dark" : "light";
    document.cookie = `theme=${dark ? "dark" : "light"};path=/;max-age=31536000;samesite=lax`;
  }
  const go = event.target.closest("[data-href]");
  if (go && !event.target.closest("a,button,input,label,select")) window.location = go.dataset.href;
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
});

document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRFToken"] = csrf(); });
Object.assign(window, { ask, announce });
