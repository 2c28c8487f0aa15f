// The chat page: one conversation, held in this page's memory and nowhere else.
"use strict";

const log = document.getElementById("log");
const form = document.getElementById("form");
const field = document.getElementById("text");
const typing = document.getElementById("typing");
const problem = document.getElementById("problem");
let token = null;
let waiting = false;

const PROBLEMS = {
  conversation_ended: "This conversation has ended: it was an hour old, or the program restarted, and it keeps nothing. What you typed is still below; send it to start again.",
  button_expired: "That choice belonged to an earlier message. You can type instead.",
  offline: "That didn't go through. What you typed is still below; try sending again. In an emergency ring 999; Samaritans are on 116 123.",
};

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function addBubble(text, own) {
  const bubble = element("p", own ? "bubble own" : "bubble");
  bubble.append(element("span", "who", own ? "You: " : "Sidedoor: "), text);
  log.append(bubble);
  return bubble;
}

function removeChoices() {
  for (const node of log.querySelectorAll(".choices")) node.remove();
}

function show(messages) {
  for (const message of messages) {
    addBubble(message.text, false);
    if (message.buttons.length) {
      const choices = element("div", "choices");
      for (const button of message.buttons) {
        const node = element("button", "", button.title);
        node.type = "button";
        node.addEventListener("click", () => say({ button: button.id }, button.title));
        choices.append(node);
      }
      log.append(choices);
    }
  }
  log.lastElementChild?.scrollIntoView({ block: "end" });
}

async function post(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
  } catch {
    throw new Error("offline");
  }
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error || "offline");
  return data;
}

async function start() {
  const deanery = new URLSearchParams(location.search).get("deanery");
  const data = await post("start", deanery ? { deanery } : {});
  token = data.token;
  return data;
}

async function say(message, shown) {
  if (waiting) return;
  waiting = true;
  problem.textContent = "";
  typing.hidden = false;
  try {
    if (!token) show((await start()).messages.map((opening) => ({ ...opening, buttons: [] })));
    const data = await post("send", { token, ...message });
    removeChoices();
    addBubble(shown, true);
    if (message.text) field.value = "";
    show(data.messages);
  } catch (error) {
    if (error.message === "conversation_ended") {
      token = null;
      removeChoices();
    }
    problem.textContent = PROBLEMS[error.message] || PROBLEMS.offline;
  } finally {
    waiting = false;
    typing.hidden = true;
    field.focus();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.value.trim()) say({ text: field.value }, field.value.trim());
});

field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

start().then((data) => show(data.messages)).catch(() => { problem.textContent = PROBLEMS.offline; });
