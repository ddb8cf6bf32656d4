// What is in the chat room: who I am, the messages, and what happens to them. Knows nothing about the screen.

import { ApiError, postMessage, readConfig, readHistory } from "./api.js";
import { openLive } from "./live.js";

const PAGE = 50;
const MOST = 1_000;
const NAME_KEY = "chat-name";

export const room = Vue.reactive({
  problem: "", // why the page cannot work at all
  apiBaseUrl: "",
  name: sessionStorage.getItem(NAME_KEY) ?? "", // of this tab only: two tabs can be two people
  joined: false,
  items: [], // oldest first; {key, id, sender, text, sentAt, state: sent|sending|failed, problem, stored}
  history: "loading", // loading | ready | failed
  historyProblem: "",
  hasEarlier: false,
  link: { phase: "connecting", seconds: 0, why: "" },
  atBottom: true,
  unseen: 0,
});

let live = null;
let made = 0;

/** Find the function app; a name that is known already goes straight in. */
export async function start() {
  room.problem = "";
  try {
    Object.assign(room, await readConfig());
    if (room.name) join(room.name);
  } catch (error) {
    room.problem = said(error);
  }
}

export function join(name) {
  sessionStorage.setItem(NAME_KEY, name);
  Object.assign(room, { name, joined: true, items: [], history: "loading", unseen: 0, atBottom: true });
  live = openLive(room.apiBaseUrl, {
    onMessage: receive,
    onState: (link) => Object.assign(room.link, link),
    onConnected: (again) => again && loadHistory(),
  });
  loadHistory();
}

export function leave() {
  live.close();
  sessionStorage.removeItem(NAME_KEY);
  room.joined = false;
}

export const reconnect = () => live.retry();

/** Read the newest messages: at the start, and after every gap in the connection. */
export async function loadHistory() {
  room.historyProblem = "";
  try {
    const page = await readHistory(room.apiBaseUrl, { limit: PAGE });
    const full = page.length === PAGE;
    const gap = full && !page.some((message) => find(message.id)); // more was missed than the page holds: start again from here
    if (gap) room.items = room.items.filter((item) => item.state !== "sent" || item.sentAt > page[0].sentAt);
    if (gap || room.history !== "ready") room.hasEarlier = full;
    take(page);
    room.history = "ready";
  } catch (error) {
    room.history = "failed";
    room.historyProblem = said(error);
  }
}

export async function loadEarlier() {
  room.historyProblem = "";
  try {
    const before = room.items.find((item) => item.id)?.id;
    const page = await readHistory(room.apiBaseUrl, { limit: PAGE, before });
    room.hasEarlier = page.length === PAGE;
    take(page);
  } catch (error) {
    room.historyProblem = said(error);
  }
}

/** Show my message at once, and send it. */
export function send(text) {
  room.atBottom = true;
  room.items.push({ ...blank(), sender: room.name, text, sentAt: new Date().toISOString(), state: "sending" });
  return deliver(room.items.at(-1));
}

export async function deliver(item) {
  Object.assign(item, { state: "sending", problem: "" });
  try {
    const message = await postMessage(room.apiBaseUrl, { sender: item.sender, text: item.text });
    if (item.id && item.id !== message.id)
      receive(message); // the hub gave this one to another message of the same words
    else if (find(message.id) && find(message.id) !== item) discard(item);
    else settle(item, message);
  } catch (error) {
    if (item.state === "sending") Object.assign(item, { state: "failed", problem: said(error) });
  }
}

export const discard = (item) => (room.items = room.items.filter((other) => other.key !== item.key));

function receive(message) {
  if (typeof message?.text !== "string" || find(message.id)) return;
  const mine = room.items.find(
    (item) => item.state === "sending" && !item.id && item.sender === message.sender && item.text === message.text,
  );
  if (mine) return settle(mine, message);
  room.items.push({ ...blank(), ...shown(message) });
  arrange();
  if (!room.atBottom || document.hidden) room.unseen += 1;
}

function settle(item, message) {
  Object.assign(item, { ...shown(message), key: item.key, state: "sent", problem: "" });
  arrange();
}

/** A page of the history, newest first. */
function take(page) {
  const unknown = page.filter((message) => typeof message?.text === "string" && !find(message.id));
  room.items.unshift(...unknown.reverse().map((message) => ({ ...blank(), ...shown(message) })));
  arrange();
}

function arrange() {
  const rank = (item) => (item.state === "sent" ? item.sentAt : "~"); // what is not sent yet comes last
  room.items.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
  if (room.items.length > MOST && room.atBottom) {
    room.items.splice(0, room.items.length - MOST);
    room.hasEarlier = true;
  }
}

const find = (id) => (id ? room.items.find((item) => item.id === id) : undefined);
const blank = () => ({ key: ++made, id: "", problem: "", stored: true, state: "sent" });
const said = (error) => (error instanceof ApiError ? error.message : "Something in this page went wrong.");

/** Only what the page shows of a message, each with a value of the right kind. */
function shown({ id, sender, text, sentAt, stored }) {
  const words = (value, otherwise) => (typeof value === "string" && value ? value : otherwise);
  return {
    id: words(id, ""),
    sender: words(sender, "anonymous"),
    text,
    sentAt: words(sentAt, new Date().toISOString()),
    stored: stored !== false,
  };
}
