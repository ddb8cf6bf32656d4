// The last messages, as many as fit. While one is chosen the list stands still, so that it is never
// another one that is hidden; the presenter may also hold it.

import { at, colourOf, count, initial, made, tell } from "./words.js";

const KEPT = 60; // of how many the local cloud tells
const list = at("messages");
const items = new Map(); // id to its element

let known = []; // oldest first, as the local cloud tells them
let shown = []; // the same, or those from when the list began to stand still
let chosenId = "";
let held = false;
let onChange = () => {};

export const isHeld = () => held;

/** The message that is chosen; null for none. */
export const chosen = () => shown.find((message) => message.id === chosenId) ?? null;

/** Let people choose a message; `watcher` is called when the choice has changed. */
export function letChoose(watcher) {
  onChange = watcher;
  list.addEventListener("click", (event) => {
    const element = event.target.closest("li");
    const found = [...items].find(([, item]) => item === element);
    if (found) choose(found[0] === chosenId ? "" : found[0]);
  });
}

export function take(messages) {
  known = messages;
  draw();
}

export function hold(wanted) {
  held = wanted;
  draw();
}

export function choose(id) {
  chosenId = id;
  draw();
  onChange();
}

/** Choose the message before (-1) or after (1) the chosen one; without one, the newest. */
export function move(step) {
  if (!shown.length) return;
  const index = shown.findIndex((message) => message.id === chosenId);
  const next = index < 0 ? shown.length - 1 : Math.max(0, index + step);
  choose(shown[next]?.id ?? "");
  list.focus(); // a screen reader reads the chosen message
}

function draw() {
  const isStill = held || chosenId;
  shown = isStill ? shown.filter((message) => !isGone(message)) : known;
  if (chosenId && !chosen()) return choose("");
  tell(at("still"), sentence(isStill));
  place();
  fit();
}

/** Whether it is not in the room any more. What is older than all that is told is still there. */
function isGone(message) {
  if (known.some((one) => one.id === message.id)) return false;
  return known.length < KEPT || message.sentAt >= known[0].sentAt;
}

function sentence(isStill) {
  if (!isStill) return "";
  const last = shown.at(-1)?.sentAt ?? "";
  const newer = known.filter((one) => one.sentAt > last).length;
  const more = newer ? ` · ${count(newer, "new message")}` : "";
  return chosenId ? `One is chosen${more} · Esc goes on` : `Held${more} · Space goes on`;
}

/** The elements of the messages, in their order. Those that stay are not made anew. */
function place() {
  const ids = new Set(shown.map((message) => message.id));
  for (const [id, element] of items) {
    if (ids.has(id)) continue;
    element.remove();
    items.delete(id);
  }
  let next = list.firstElementChild;
  for (const message of shown) {
    const element = items.get(message.id) ?? line(message);
    items.set(message.id, element);
    element.setAttribute("aria-selected", String(message.id === chosenId));
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
  list.setAttribute("aria-activedescendant", items.get(chosenId)?.id ?? "");
}

let numbered = 0;

function line({ sender, senderId, text }) {
  const face = made("span", initial(sender), `face ${colourOf(senderId || sender)}`);
  face.setAttribute("aria-hidden", "true");
  const name = made("bdi", sender, "name");
  const words = made("span", text, "text");
  words.dir = "auto";
  const bubble = made("div", "", "bubble"); // its padding would show a part of one line more
  bubble.append(words);
  const said = made("div", "", "said");
  said.append(name, " ", bubble);
  const element = made("li");
  element.id = `message-${++numbered}`;
  element.setAttribute("role", "option");
  element.append(face, said);
  return element;
}

/**
 * Show as many as fit, whole: up to the newest one, or with the chosen one among them. Messages of
 * one person that follow each other have the name once, over the first that is seen.
 */
function fit() {
  const elements = shown.map((message) => items.get(message.id));
  elements.forEach((element, index) => {
    element.hidden = false;
    element.classList.toggle("follows", isOfSame(shown[index - 1], shown[index]));
  });
  const heights = elements.map(heightOf);
  const wanted = shown.findIndex((message) => message.id === chosenId);
  let end = shown.length;
  let start = firstThatFits(heights, end);
  while (wanted >= 0 && wanted < start) start = firstThatFits(heights, --end);
  elements.forEach((element, index) => (element.hidden = index < start || index >= end));
  // The first one that is seen gets its name back, for which there may be no room.
  elements[start]?.classList.remove("follows");
  while (start < end - 1 && topOf(elements[start]) < topOf(list)) {
    elements[start].hidden = true;
    start += 1;
    elements[start].classList.remove("follows");
  }
}

function firstThatFits(heights, end) {
  const { paddingTop, paddingBottom } = getComputedStyle(list);
  let start = end;
  let left = list.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom);
  while (start > 0 && heights[start - 1] <= left) {
    start -= 1;
    left -= heights[start];
  }
  return Math.max(0, Math.min(start, end - 1)); // one that is too high is there nevertheless
}

const topOf = (element) => element.getBoundingClientRect().top;

const heightOf = (element) =>
  element.offsetHeight + (parseFloat(getComputedStyle(element).marginTop) || 0);

const isOfSame = (one, other) =>
  Boolean(one) && one.senderId === other.senderId && one.sender === other.sender;

new ResizeObserver(fit).observe(list);
