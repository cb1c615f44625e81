/* Small comforts; every page works without this file.
   data-copy="#id" copies that element's text; <time data-local> shows local time. */
"use strict";
{
  const say = (button, text) => {
    const before = button.dataset.label || button.textContent;
    button.dataset.label = before;
    button.textContent = text;
    window.setTimeout(() => { button.textContent = before; }, 2000);
  };

  const localise = (root) => {
    const form = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    for (const element of root.querySelectorAll("time[data-local][datetime]")) {
      const moment = new Date(element.dateTime);
      if (!Number.isNaN(moment.getTime())) {
        element.title = `${form.format(moment)} (your time); ${element.dateTime} UTC`;
      }
    }
  };

  const offerCopying = (root) => {
    if (!navigator.clipboard) { return; }
    for (const button of root.querySelectorAll("button[data-copy][hidden]")) {
      button.hidden = false;
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy]");
    if (button) {
      const source = document.querySelector(button.dataset.copy);
      if (source) {
        navigator.clipboard.writeText(source.textContent.trim()).then(
          () => say(button, "Copied"),
          () => say(button, "Copying was refused"),
        );
      }
      return;
    }
    // An open menu closes when the click lands elsewhere.
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) { menu.open = false; }
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") { return; }
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  const dress = (root) => { localise(root); offerCopying(root); };
  document.addEventListener("DOMContentLoaded", () => dress(document));
  document.addEventListener("htmx:afterSwap", (event) => dress(event.target));
}
