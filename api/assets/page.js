// What makes pages smoother. Everything works without it.
"use strict";

// A link's secret stands behind its # so that no server logs it: it goes into the form, and out of the address.
const form = document.querySelector("[data-token-form]");
if (form) {
  const secret = location.hash.slice(1);
  if (secret) {
    form.querySelector("[data-token]").value = secret;
    history.replaceState(null, "", location.pathname + location.search);
    if (form.dataset.tokenForm === "send") form.submit();
  }
}

// What went wrong, or what is new, is read first.
const first = document.querySelector("[data-focus]");
if (first) first.focus();

// A skip to a field that is a group lands on its first choice.
for (const link of document.querySelectorAll(".summary a")) {
  link.addEventListener("click", (event) => {
    const target = document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    const field = target.matches("input, textarea, select") ? target : target.querySelector("input, textarea, select") || target;
    target.scrollIntoView();
    field.focus();
  });
}

// What is typed and not saved is not left unawares.
for (const unsaved of document.querySelectorAll("form[data-unsaved]")) {
  let changed = false;
  unsaved.addEventListener("input", () => { changed = true; });
  unsaved.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

// A field to copy from gets a button for it.
for (const field of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
    button.textContent = "Copied";
  });
  field.after(button);
}

// Answers are saved while they are given. What could not be saved stays in the page and is tried again.
const keepSaving = (form) => {
  const state = form.querySelector("[data-saving]");
  const touched = new Set();
  let timer, run, wait = 5000, isStopped = false;

  const say = (kind, text, ...more) => {
    state.dataset.saving = kind;
    state.replaceChildren(text, ...more);
  };
  const later = (after) => {
    clearTimeout(timer);
    timer = setTimeout(save, after);
  };
  const block = (key, within = form) => within.querySelector(`[data-question="${CSS.escape(key)}"]`);
  const read = async (response) => new DOMParser().parseFromString(await response.text(), "text/html").querySelector("form[data-autosave]");

  // Only what was touched is sent, so that nobody's other answers are in its way.
  const body = (keys) => {
    // Files are sent with the page.
    const all = [...new FormData(form)].filter(([, value]) => typeof value === "string");
    const named = ([name, value]) => (name === "asked" || name === "was" ? value.split(":")[0] : name.split(".")[0]);
    return new URLSearchParams([...all.filter(([name]) => name === "csrf" || name === "version"), ["then", "autosave"], ...all.filter((field) => keys.includes(named(field)))]);
  };

  // Questions that came up are put in their places, those that are gone leave, and what is said beside the others is brought up to date.
  const refresh = (fresh, sent) => {
    form.elements.version.value = fresh.elements.version.value;
    for (const old of form.querySelectorAll("[data-question]")) {
      if (!block(old.dataset.question, fresh)) { touched.delete(old.dataset.question); old.remove(); }
    }
    let before = null, count = 0;
    for (const next of [...fresh.querySelectorAll("[data-question]")]) {
      const key = next.dataset.question;
      let mine = block(key);
      if (!mine) {
        mine = document.adoptNode(next);
        if (before) before.after(mine); else form.prepend(mine);
        count += 1;
      } else if (sent.includes(key)) {
        mine.className = next.className;
        mine.querySelector("[name=was]").value = next.querySelector("[name=was]").value;
        mine.querySelector("[data-notes]").replaceChildren(...next.querySelector("[data-notes]").childNodes);
        mine.querySelector("[data-why]").hidden = next.querySelector("[data-why]").hidden;
        if (next.querySelector("[data-comment]").open) mine.querySelector("[data-comment]").open = true;
        const [mainNow, mainNext] = [mine.querySelector(`#${CSS.escape(key)}`), next.querySelector(`#${CSS.escape(key)}`)];
        for (const name of ["aria-describedby", "aria-invalid"]) {
          if (mainNext.hasAttribute(name)) mainNow.setAttribute(name, mainNext.getAttribute(name)); else mainNow.removeAttribute(name);
        }
      }
      before = mine;
    }
    return count;
  };

  const signedOut = () => {
    const way = document.createElement("a");
    way.href = form.dataset.autosave;
    way.target = "_blank";
    way.textContent = "Come in again in another tab";
    say("wrong", "Not saved: your session has ended. What you typed is kept here. ", way, ", then come back and go on.");
  };

  // Whoever signed in again has another token, which the page itself tells.
  const renew = async () => {
    const fresh = await read(await fetch(location.pathname + location.search, { headers: { accept: "text/html" } }));
    if (!fresh || fresh.elements.csrf.value === form.elements.csrf.value) return false;
    form.elements.csrf.value = fresh.elements.csrf.value;
    return true;
  };

  const send = async () => {
    const keys = [...touched];
    touched.clear();
    const again = () => { for (const key of keys) touched.add(key); };
    say("busy", "Saving…");
    try {
      const post = () => fetch(form.action, { method: "POST", body: body(keys), redirect: "manual", headers: { accept: "text/html" } });
      let response = await post();
      const isOut = () => response.type === "opaqueredirect" || response.status === 401 || response.status === 403;
      if (isOut() && await renew()) response = await post();
      if (isOut()) { again(); signedOut(); return later(15000); }
      if (response.status === 409) {
        again();
        isStopped = true;
        const compare = document.createElement("button");
        Object.assign(compare, { name: "then", value: "list", className: "button", textContent: "Compare, and choose" });
        return say("wrong", "Not saved: someone else answered the same meanwhile. Nothing of yours is lost. ", compare);
      }
      const fresh = await read(response);
      if (!fresh || (!response.ok && response.status !== 422)) throw new Error(response.status);
      wait = 5000;
      const count = refresh(fresh, keys);
      const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
      if (response.status === 422) say("wrong", "Not all is saved: see what is said beside the question.");
      else say("saved", `Saved at ${time}.${count ? ` ${count === 1 ? "A question" : `${count} questions`} came up.` : ""}`);
      return true;
    } catch {
      again();
      say("wrong", "Not saved: no connection. What you typed is kept here, and is tried again.");
      later(wait);
      wait = Math.min(wait * 2, 60000);
    }
  };

  const save = () => {
    clearTimeout(timer);
    if (isStopped || !touched.size) return run;
    run ??= send().then((isDone) => {
      run = undefined;
      if (isDone && touched.size) later(500);
    });
    return run;
  };

  const touch = (event, after) => {
    const key = event.target.closest("[data-question]")?.dataset.question;
    if (!key) return;
    touched.add(key);
    if (!isStopped) later(after);
  };
  form.addEventListener("input", (event) => touch(event, 1500));
  form.addEventListener("change", (event) => touch(event, 150));
  addEventListener("online", save);
  document.addEventListener("visibilitychange", save);

  // A form that would be lost on its way is not sent: what is open is saved first.
  let isLeaving = false;
  form.addEventListener("submit", async (event) => {
    if (isStopped || (!touched.size && !run)) { isLeaving = true; return; }
    event.preventDefault();
    const button = event.submitter;
    await run;
    await save();
    if (touched.size && !isStopped) return;
    isLeaving = true;
    form.requestSubmit(button);
  });
  addEventListener("beforeunload", (event) => { if (touched.size && !isLeaving) event.preventDefault(); });
};
for (const form of document.querySelectorAll("form[data-autosave]")) keepSaving(form);

// A problem in a text leads to its line.
for (const link of document.querySelectorAll("a[data-line]")) {
  link.addEventListener("click", (event) => {
    const text = document.getElementById("document");
    if (!text) return;
    event.preventDefault();
    const lines = text.value.split("\n");
    const number = Math.min(Number(link.dataset.line), lines.length) - 1;
    const start = lines.slice(0, number).reduce((sum, line) => sum + line.length + 1, 0);
    text.focus();
    text.setSelectionRange(start, start + lines[number].length);
    text.scrollTop = text.scrollHeight * number / lines.length - text.clientHeight / 3;
    text.scrollIntoView({ block: "center" });
  });
}
