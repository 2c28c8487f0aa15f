// The launcher for other sites: a button and a panel, in a shadow tree that the site's styles
// cannot reach. The chat is in a frame, so that the site's scripts cannot read what is said.
(() => {
  "use strict";
  const { words: languages, numbers, css } = {{ shared | tojson }};
  const script = document.currentScript;
  if (!script || document.querySelector("[data-sidedoor]")) return;
  const { deanery, lang = "en", accent = "", position, open } = script.dataset;
  const words = Object.hasOwn(languages, lang) ? languages[lang] : languages.en;
  const base = new URL(".", script.src);
  const LATE_MS = 8000, SHIFTS = 3, SHIFTS_WITHIN_MS = 3000;

  const make = (name, properties, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };

  const address = () => {
    const url = new URL(base);
    if (deanery) url.searchParams.set("deanery", deanery);
    if (lang !== "en") url.searchParams.set("lang", lang);
    if (accent) url.searchParams.set("accent", accent.replace("#", ""));
    return url;
  };

  const host = make("aside", { lang });
  host.dataset.sidedoor = "";
  if (position === "left") host.dataset.side = "left";
  host.setAttribute("aria-label", words.panel);
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  const failed = make("div", { className: "failed", hidden: true });
  failed.setAttribute("role", "alert");
  const panel = make("div", { className: "panel", id: "panel", hidden: true }, failed);
  const button = make("button", { type: "button", textContent: words.launcher });
  button.setAttribute("aria-controls", "panel");
  button.setAttribute("aria-expanded", "false");
  root.append(panel, button);
  let frame, late, ready = false, shifts = [];

  if (/^#?[0-9a-f]{6}$/i.test(accent)) {
    const colour = accent.replace("#", "");
    const [red, green, blue] = [0, 2, 4].map((at) => {
      const part = parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179;
    button.style.setProperty("--accent", `#${colour}`);
    button.style.setProperty("--on", light ? "#000" : "#fff");
  }

  const fail = () => {
    const lines = numbers.map(({ call, number, name }) =>
      make("li", { lang: "en-GB" }, make("a", { href: `tel:${call}`, textContent: number }), ` ${name}`));
    const link = make("a", { href: address(), target: "_blank", rel: "noreferrer", textContent: words.own_window });
    failed.replaceChildren(make("p", { textContent: words.panel_failed }), make("ul", {}, ...lines), link);
    failed.hidden = false;
  };

  const load = () => {
    const url = address();
    url.searchParams.set("embedded", "1");
    frame = make("iframe", { src: url, title: words.panel, referrerPolicy: "no-referrer" });
    panel.append(frame);
    late = setTimeout(fail, LATE_MS);
  };

  const enter = () => {
    frame.focus();
    if (ready) frame.contentWindow.focus();
  };

  const show = (shown) => {
    if (shown && !failed.hidden) {
      failed.hidden = true;
      frame.remove();
      frame = null;
      ready = false;
    }
    panel.hidden = !shown;
    button.setAttribute("aria-expanded", shown);
    button.textContent = shown ? words.launcher_hide : words.launcher;
    if (shown && !frame) load();
  };

  button.addEventListener("click", () => {
    show(panel.hidden);
    if (!panel.hidden) enter();
  });

  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== base.origin) return;
    if (event.data?.sidedoor === "ready") {
      clearTimeout(late);
      failed.hidden = true;
      ready = true;
      if (root.activeElement === frame) enter(); // loading took the focus out of it
    }
    if (event.data?.sidedoor === "hide") {
      show(false);
      button.focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (panel.hidden) return;
    if (event.key === "Escape" && root.activeElement) {
      show(false);
      button.focus();
    }
    if (event.key !== "Shift") shifts = [];
    else if (!event.repeat) shifts = [...shifts, event.timeStamp].slice(-SHIFTS);
    if (shifts.length === SHIFTS && event.timeStamp - shifts[0] < SHIFTS_WITHIN_MS) {
      host.remove();
      location.replace(words.leave_to);
    }
  });

  const add = () => {
    document.body.append(host);
    if (open !== undefined && open !== "false") show(true);
  };
  if (document.body) add();
  else document.addEventListener("DOMContentLoaded", add);
})();
