// What is in the chat room: who I am, the messages, and what happens to them. Nothing here knows
// about the screen.

import { endSession, nameGuest, postMessage, readGuest, readHistory, whoAmI } from "./api.js";
import { ApiError, readConfig } from "./config.js";
import { libraryIsThere, openLive } from "./live.js";
import { beginSignIn, dropDraft, forget, keepDraft } from "./session.js";
import { takeDraft, takeToken, token } from "./session.js";
import { isOfCheck } from "./text.js";

const PAGE = 50;
const MOST = 1_000;
const NAME_KEY = "chat-name";
const ENDED = "Your sign-in has ended. Please sign in again.";

export const room = Vue.reactive({
  problem: "", // why the page cannot work at all
  apiBaseUrl: "",
  guest: "", // on a stage: where the page asks who this device is
  signIn: "", // the identity provider; without one people only say a name
  entering: false, // signed in, and asking who that is
  signInNotice: "", // why somebody has to sign in
  id: "", // what tells me from everybody else; without sign-in nothing does
  name: sessionStorage.getItem(NAME_KEY) ?? "", // of this tab only: two tabs can be two people
  joined: false,
  recipient: "", // id of the person whom the next message is for; nobody: everybody
  draft: "", // what could not be sent because the sign-in had ended
  // Oldest first: {key, id, sender, senderId, recipient, text, sentAt, state, problem, stored,
  // waits}; the state is sent, sending or failed, and who is not signed in has no senderId.
  items: [],
  history: "loading", // loading | ready | failed
  historyProblem: "",
  hasEarlier: false,
  link: { phase: "connecting", seconds: 0, why: "" },
  atBottom: true,
  unseen: 0,
});

const removed = new Set(); // ids of messages that are no longer in the room
let live = null;
let made = 0;

/** What people have said. */
export const said = Vue.computed(() => room.items.filter((item) => !isOfCheck(item)));

/** Where people have ids, a name that looks like mine makes no message mine. */
export const isMine = (item) =>
  room.signIn || item.senderId ? item.senderId === room.id : item.sender === room.name;

/** Find the function app; who is known already goes straight in. */
export async function start() {
  Object.assign(room, { problem: "", signInNotice: "" });
  try {
    Object.assign(room, await readConfig());
    if (room.guest) await comeBack();
    else if (room.signIn) await enter();
    else if (room.name) join(room.name);
  } catch (error) {
    room.problem = inWords(error);
  }
}

export const signIn = () => beginSignIn(room);

/** Go in with the token of a sign-in that has just ended, or is still good. */
async function enter() {
  room.signInNotice = takeToken();
  if (!token()) return;
  room.entering = true;
  try {
    const me = await whoAmI(room.apiBaseUrl);
    join(me.name, me.id);
  } catch (error) {
    if (error.status !== 401) throw error;
    backToSignIn(ENDED);
  } finally {
    room.entering = false;
  }
}

/** A device that was here before is the same guest, and goes straight in. */
async function comeBack() {
  const { id, name } = await readGuest(room.guest);
  room.name = name ?? "";
  if (name) join(name, id);
}

/** Go in under a name; on a stage it may become one with a number. Throws an ApiError. */
export async function joinAs(name) {
  if (!room.guest) return join(name);
  const guest = await nameGuest(room.guest, name);
  join(guest.name, guest.id);
}

export function join(name, id = "") {
  if (!room.signIn && !room.guest) sessionStorage.setItem(NAME_KEY, name);
  Object.assign(room, {
    id,
    name,
    joined: true,
    items: [],
    history: "loading",
    unseen: 0,
    atBottom: true,
    signInNotice: "",
  });
  Object.assign(room, { recipient: "", draft: "" }, takeDraft(id));
  loadHistory();
  libraryIsThere().then(goLive, (error) => (room.problem = inWords(error)));
}

function goLive() {
  if (live || !room.joined) return; // left meanwhile, and perhaps come back
  live = openLive(room.apiBaseUrl, {
    onMessage: receive,
    onRemoved: remove,
    onState: (link) => Object.assign(room.link, link),
    onConnected: loadHistory,
    onRefused: () => backToSignIn(ENDED),
  });
}

/** Back to the form, with the name still in its field. */
export function leave() {
  live?.close();
  live = null;
  sessionStorage.removeItem(NAME_KEY);
  room.joined = false;
}

export async function signOut() {
  const told = endSession(room.apiBaseUrl);
  dropDraft();
  backToSignIn("You have signed out.");
  if (!(await told))
    room.signInNotice = "You have signed out of this tab. The function app could not be told.";
}

/** The sign-in is no good any more: nothing goes on until somebody signs in again. */
function backToSignIn(notice) {
  if (room.joined) leave();
  forget();
  Object.assign(room, { items: [], id: "", name: "", signInNotice: notice });
}

export const reconnect = () => live?.retry();

/** Read the newest messages: at once, and again after each connect, which may have missed some. */
export async function loadHistory() {
  room.historyProblem = "";
  try {
    const page = await readHistory(room.apiBaseUrl, { limit: PAGE });
    const full = page.length === PAGE;
    // When more was missed than the page holds, the list starts again from here.
    const gap = full && !page.some((message) => find(message.id));
    if (gap)
      room.items = room.items.filter(
        (item) => item.state !== "sent" || item.sentAt > page[0].sentAt,
      );
    if (gap || room.history !== "ready") room.hasEarlier = full;
    take(page);
    room.history = "ready";
  } catch (error) {
    if (mustSignIn(error)) return backToSignIn(ENDED);
    room.history = "failed";
    room.historyProblem = inWords(error);
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
    if (mustSignIn(error)) return backToSignIn(ENDED);
    room.historyProblem = inWords(error);
  }
}

/** Show my message at once, and send it: to everybody, or to the chosen recipient. */
export function send(text) {
  const { id: senderId, name: sender, recipient } = room;
  room.atBottom = true;
  room.items.push({
    ...blank(),
    sender,
    senderId,
    recipient,
    text,
    sentAt: new Date().toISOString(),
    state: "sending",
  });
  return deliver(room.items.at(-1));
}

export async function deliver(item) {
  const { sender, recipient, text } = item;
  Object.assign(item, { state: "sending", problem: "" });
  try {
    const message = await postMessage(room.apiBaseUrl, {
      sender,
      text,
      ...(recipient && { recipient }),
    });
    if (item.id && item.id !== message.id)
      receive(message); // the hub gave this one to another message of the same words
    else if (find(message.id) && find(message.id) !== item) discard(item);
    else settle(item, message);
    const shownItem = find(message.id);
    if (shownItem && message.recipientConnected === false)
      shownItem.waits = true;
  } catch (error) {
    if (mustSignIn(error)) keepDraft(item);
    if (mustSignIn(error)) return backToSignIn(ENDED);
    if (item.state === "sending")
      Object.assign(item, { state: "failed", problem: inWords(error) });
  }
}

export const discard = (item) =>
  (room.items = room.items.filter((other) => other.key !== item.key));

/** A check of the workshop takes its messages out of the room again. */
function remove(ids) {
  if (!Array.isArray(ids)) return;
  ids.forEach((id) => removed.add(id));
  room.items = room.items.filter((item) => !removed.has(item.id));
}

function receive(message) {
  if (typeof message?.text !== "string" || find(message.id) || removed.has(message.id)) return;
  const arrived = shown(message);
  const mine = room.items.find(
    (item) =>
      item.state === "sending" &&
      !item.id &&
      isMine(arrived) &&
      ["recipient", "text"].every((key) => item[key] === arrived[key]),
  );
  if (mine) return settle(mine, message);
  room.items.push({ ...blank(), ...arrived });
  arrange();
  if (isOfCheck(arrived)) return;
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
  // What is not sent yet comes last.
  const rank = (item) => (item.state === "sent" ? item.sentAt : "~");
  room.items.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
  if (room.items.length > MOST && room.atBottom) {
    room.items.splice(0, room.items.length - MOST);
    room.hasEarlier = true;
  }
}

const find = (id) => (id ? room.items.find((item) => item.id === id) : undefined);
const mustSignIn = (error) => Boolean(room.signIn) && error.status === 401;
const blank = () => ({
  key: ++made,
  id: "",
  recipient: "",
  problem: "",
  waits: false, // its recipient was not connected
  stored: true,
  state: "sent",
});
const inWords = (error) =>
  error instanceof ApiError ? error.message : "Something in this page went wrong.";

/** Only what the page shows of a message, each with a value of the right kind. */
function shown({ id, sender, senderId, recipient, text, sentAt, stored }) {
  const words = (value, otherwise) => (typeof value === "string" && value ? value : otherwise);
  return {
    id: words(id, ""),
    sender: words(sender, "anonymous"),
    senderId: room.signIn || room.guest ? words(senderId, "") : "",
    recipient: words(recipient, ""),
    text,
    sentAt: words(sentAt, new Date().toISOString()),
    stored: stored !== false,
  };
}
