// The chat on its page: one conversation, held in this page's memory and nowhere else.
// The markup and every word come from the server (chat.html); this gives them life.
"use strict";

const GIVE_UP_MS = 30_000;
const ROUTE = "X-Sidedoor-Conversation";
const SHIFTS = 3, SHIFTS_WITHIN_MS = 3_000;

// What the server or the network says -> the words for it, and what the button beside them does.
const PROBLEMS = {
  not_reached: { words: "not_reached", button: "retry", help: true },
  not_sent: { words: "not_sent", button: "retry", help: true },
  not_pressed: { words: "not_pressed", button: "retry", help: true },
  conversation_ended: { words: "ended", button: "start_again" },
  button_expired: { words: "expired" },
  answer_gone: { words: "answered" },
  too_fast: { words: "too_fast", button: "retry" },
  too_large: { words: "too_long" },
  busy: { words: "busy", button: "retry", help: true },
  origin_not_allowed: { words: "refused", help: true },
};

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

class SidedoorChat extends HTMLElement {
  #token = null;
  #route = ""; // one random number a conversation: by it a proxy finds the same worker again
  #busy = false;
  #unsent = null; // the message that failed last, to send again as the same message
  #shifts = [];

  connectedCallback() {
    this.words = JSON.parse(this.dataset.words);
    const numbers = JSON.parse(this.dataset.numbers); // of digits and spaces
    this.links = new RegExp(`https://[^\\s)]+[^\\s).,;]|\\b(?:${numbers.join("|")})\\b`, "g");
    const find = (selector) => this.querySelector(selector);
    this.talk = find(".talk");
    this.log = find(".log");
    this.choices = find(".choices");
    this.writing = find(".writing");
    this.problem = find(".problem");
    this.help = find(".help");
    this.form = find("form");
    this.field = find("textarea");
    this.#listen();
    if (window.parent !== window) this.#tellParent("ready");
    this.#open();
  }

  #listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#sendText();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.form.requestSubmit();
      }
    });
    this.querySelector(".leave").addEventListener("click", (event) => {
      event.preventDefault();
      this.leave();
    });
    document.addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("offline", () => this.#tell("offline"));
    addEventListener("online", () => this.#online());
    addEventListener("pagehide", () => this.#end());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    window.visualViewport?.addEventListener("resize", () => {
      if (visualViewport.scale !== 1) return;
      this.style.setProperty("--height", `${visualViewport.height}px`); // a phone's keyboard is out
    });
  }

  #pressed(event) {
    if (event.key === "Escape" && "embedded" in this.dataset) this.#tellParent("hide");
    if (event.key !== "Shift") this.#shifts = [];
    else if (!event.repeat) {
      this.#shifts = [...this.#shifts, event.timeStamp].slice(-SHIFTS);
      const first = this.#shifts[0];
      if (this.#shifts.length === SHIFTS && event.timeStamp - first < SHIFTS_WITHIN_MS) this.leave();
    }
  }

  // Clears the chat, here and on the server, and only then goes.
  leave() {
    const place = this.words.leave_to;
    this.#end();
    document.title = "";
    document.body.replaceChildren();
    try {
      window.top.location.replace(place);
    } catch {
      location.replace("about:blank"); // the site around us lets no frame lead away
    }
  }

  #end() {
    if (this.#token) {
      const body = JSON.stringify({ token: this.#token });
      const headers = { [ROUTE]: this.#route };
      fetch("end", { method: "POST", body, headers, keepalive: true, credentials: "omit" }).catch(() => {});
    }
    this.#token = null;
    this.#unsent = null;
    this.field.value = "";
    this.log.replaceChildren();
    this.choices.replaceChildren();
  }

  async #open() {
    await this.#attempt(null, async () => this.#show(await this.#start()));
  }

  async #start() {
    const { deanery } = this.dataset;
    this.#route = randomId();
    const data = await this.#post("start", deanery ? { deanery } : {});
    this.#token = data.token;
    return data.messages;
  }

  async #startAgain() {
    await this.#attempt(null, async () => {
      const messages = await this.#start();
      this.log.append(element("p", "mark", this.words.new_conversation));
      this.#show(messages);
    });
    this.field.focus();
  }

  #sendText() {
    const text = this.field.value.trim();
    if (!text || this.#busy) return;
    const again = this.#unsent?.text === text;
    this.#send(again ? this.#unsent : { id: crypto.randomUUID?.() ?? randomId(), text, shown: text });
  }

  async #send(message) {
    const done = await this.#attempt(message, async () => {
      if (!this.#token) this.#show((await this.#start()).map((m) => ({ ...m, buttons: [] })));
      const { id, text, button, shown } = message;
      const bubble = this.#addBubble(shown, true);
      if (text) this.field.value = "";
      this.writing.hidden = false;
      this.#scrollTo(this.writing);
      try {
        const data = await this.#post("send", { token: this.#token, id, text, button });
        this.#show(data.messages);
      } catch (error) {
        bubble.remove();
        if (text) this.field.value = [text, this.field.value].filter(Boolean).join("\n");
        throw error;
      } finally {
        this.writing.hidden = true;
      }
    });
    if (done && message.button) this.talk.focus({ preventScroll: true });
  }

  // Runs `task`; of a failure it tells, and keeps `message` so that it can be sent again.
  async #attempt(message, task) {
    if (this.#busy) return false;
    this.#busy = true;
    this.#unsent = null;
    this.problem.replaceChildren();
    try {
      await task();
      return true;
    } catch (error) {
      this.#failed(error.code, message);
      return false;
    } finally {
      this.#busy = false;
    }
  }

  #failed(code, message) {
    this.#unsent = message;
    if (code === "conversation_ended") {
      this.#token = null;
      this.#unsent = null;
    }
    if (code === "conversation_ended" || code === "button_expired") this.#offer([]);
    const unsent = message?.text ? "not_sent" : "not_pressed";
    const known = Object.hasOwn(PROBLEMS, code) ? code : message && this.#token ? unsent : "not_reached";
    this.#tell(PROBLEMS[known].words, PROBLEMS[known].button);
    if (PROBLEMS[known].help || message?.text) this.help.open = true; // it may have been of a risk
  }

  #tell(words, button) {
    this.problem.replaceChildren(element("p", "", this.words[words]));
    if (!button) return;
    const node = element("button", "", this.words[button]);
    node.type = "button";
    node.addEventListener("click", () => this.#again(button));
    this.problem.append(node);
  }

  #again(button) {
    if (button === "start_again") this.#startAgain();
    else if (this.#unsent?.button) this.#send(this.#unsent);
    else if (this.field.value.trim()) this.#sendText();
    else if (!this.#token) this.#open();
    this.field.focus();
  }

  #online() {
    this.problem.replaceChildren();
    if (this.#unsent?.button || (this.#unsent && this.#unsent.text === this.field.value.trim())) {
      this.#send(this.#unsent);
    } else if (!this.#token) this.#open();
  }

  #show(messages) {
    const before = this.log.lastElementChild;
    const buttons = messages.flatMap((message) => message.buttons);
    messages.forEach(({ text }, at) => {
      const last = buttons.length && at === messages.length - 1;
      this.#addBubble(text, false, last ? ` ${this.words.choices_follow}` : "");
    });
    this.#offer(buttons);
    if (!before) return; // the opening is read from the top of the page
    this.#scrollTo(this.choices.hidden ? this.log.lastElementChild : this.choices);
    before.nextElementSibling.scrollIntoView({ block: "nearest" }); // so is a long answer
  }

  #offer(buttons) {
    this.choices.replaceChildren(...buttons.map(({ id, title }) => {
      const node = element("button", "", title);
      node.type = "button";
      node.addEventListener("click", () => {
        const again = this.#unsent?.button === id;
        this.#send(again ? this.#unsent : { id: crypto.randomUUID?.() ?? randomId(), button: id, shown: title });
      });
      return node;
    }));
    this.choices.hidden = !buttons.length;
  }

  // The log is a live region: a bubble is whole before it is added, so that it is read as one.
  #addBubble(text, own, after = "") {
    const bubble = element("p", own ? "bubble own" : "bubble");
    const who = element("span", "read", `${own ? this.words.you : this.words.it} `);
    bubble.append(who, ...(own ? [text] : this.#linked(text)));
    if (after) bubble.append(element("span", "read", after));
    this.log.append(bubble);
    return bubble;
  }

  // Returns the text with its addresses and crisis numbers as links.
  #linked(text) {
    const parts = [];
    let at = 0;
    for (const match of text.matchAll(this.links)) {
      const link = element("a", "", match[0]);
      if (match[0].startsWith("https:")) {
        Object.assign(link, { href: match[0], target: "_blank", rel: "noreferrer noopener" });
      } else link.href = `tel:${match[0].replaceAll(" ", "")}`;
      parts.push(text.slice(at, match.index), link);
      at = match.index + match[0].length;
    }
    return [...parts, text.slice(at)];
  }

  #scrollTo(node) {
    node.scrollIntoView({ block: "end" });
  }

  async #post(path, body) {
    let answer;
    try {
      answer = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json", [ROUTE]: this.#route },
        body: JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout?.(GIVE_UP_MS),
      });
      const data = await answer.json();
      if (answer.ok) return data;
      throw Object.assign(new Error(), { code: data.error });
    } catch (error) {
      throw error.code?.length ? error : Object.assign(new Error(), { code: "network" });
    }
  }

  #tellParent(what) {
    window.parent.postMessage({ sidedoor: what }, "*"); // a word without content, for any site
  }
}

// Browsers have randomUUID only where the connection is safe.
function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
}

customElements.define("sidedoor-chat", SidedoorChat);
