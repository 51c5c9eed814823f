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
