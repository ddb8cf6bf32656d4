// Talking: my messages go out, those of others come in, and the history fills what is missing.

import { postMessage, readHistory } from "./api.js";
import { inWords } from "./config.js";
import * as messages from "./messages.js";
import * as outbox from "./outbox.js";
import { isMine, room } from "./room.js";
import { keepDraft } from "./session.js";
import { isOfCheck } from "./text.js";

const PAGE = 50;
const MORE = 200; // what the history gives at once at most

let onSignInEnded = () => {};

/** What to do when the function app wants somebody to sign in again. */
export const whenSignInEnds = (act) => (onSignInEnded = act);

export function beginTalk() {
  endTalk();
  Object.assign(room, { history: "loading", isBehind: false, atBottom: true });
  outbox.restore();
  loadHistory();
}

export const endTalk = () => messages.clear();

/** Read the newest messages: at once, and again after each connect, which may have missed some. */
export async function loadHistory() {
  const page = await ask({ limit: PAGE });
  if (!page) return;
  const unknown = page.items.filter((item) => !messages.find(item.id));
  const isGap = page.isFull && unknown.length === page.items.length;
  if (room.isBehind || (isGap && !room.atBottom)) {
    // Who reads back goes on reading: these are for later.
    room.isBehind = true;
    unknown.forEach((item) => messages.leaveOut(item));
  } else {
    // When more was missed than the page holds, the list starts again from here.
    if (isGap) messages.keep((item) => item.state !== "sent" || item.sentAt > page.newest);
    if (isGap || room.history !== "ready")
      Object.assign(room, { hasEarlier: page.isFull, reached: page.oldest });
    unknown.reverse().forEach((item) => outbox.claim(item) || messages.put(item));
    trim();
  }
  room.history = "ready";
  if (outbox.hasWaiting()) outbox.flush(); // it answers
}

export async function loadEarlier() {
  const page = await ask({ limit: MORE, before: room.reached || messages.oldest()?.id });
  if (!page) return;
  Object.assign(room, { hasEarlier: page.isFull, reached: page.oldest });
  page.items.forEach((item) => messages.put(item, { isEarlier: true }));
  trim();
}

/** Go on at the newest message, which a reader may have left far behind. */
export function follow() {
  room.atBottom = true;
  if (room.isBehind) {
    room.isBehind = false;
    loadHistory(); // which finds the gap; without a history what is here stays
  }
  trim();
  if (!document.hidden) messages.seen();
}

/** Show my message at once, and send it: to everybody, or to the chosen recipient. */
export function send(text) {
  follow();
  const { id: senderId, name: sender, recipient } = room;
  const sentAt = new Date().toISOString();
  const fields = { sender, senderId, recipient, text, sentAt, after: messages.newestSentAt() };
  const item = messages.made({ ...fields, state: "sending" });
  messages.put(item);
  return deliver(item);
}

/** Send a message, behind those that wait. */
export async function deliver(item) {
  if (outbox.hasWaiting()) return outbox.wait(item);
  await post(item);
}

/** Send a message now. Says whether it need not be sent again. */
async function post(item) {
  const { sender, recipient, text } = item;
  messages.settle(item, { state: "sending", problem: "" });
  try {
    const message = await postMessage(room.apiBaseUrl, {
      sender,
      text,
      ...(recipient && { recipient }),
    });
    if (item.id && item.id !== message.id)
      receive(message); // the hub gave this one to another message of the same words
    else if (item.id !== message.id && messages.find(message.id)) discard(item);
    else messages.settle(item, sent(message));
    const here = messages.find(message.id);
    if (here && message.recipientConnected === false) messages.settle(here, { waits: true });
    return true;
  } catch (error) {
    return unanswered(item, error);
  }
}

function unanswered(item, error) {
  if (mustSignIn(error)) {
    keepDraft(item);
    onSignInEnded();
    return false;
  }
  if (item.state !== "sending") return true; // the hub has brought it
  if (!outbox.canWait(error)) {
    messages.settle(item, { state: "failed", problem: inWords(error) });
    return true;
  }
  outbox.wait(item, error);
  return false;
}

outbox.talkWith({ post, read });

export function discard(item) {
  messages.keep((other) => other !== item);
  outbox.save();
}

/** A message that has come over the hub. */
export function receive(message) {
  if (typeof message?.text !== "string" || messages.find(message.id)) return;
  const item = read(message);
  const mine = messages.unsent().find((other) => isMeant(other, item));
  if (mine) return messages.settle(mine, sent(message));
  if (outbox.claim(item)) return;
  if (room.isBehind) return messages.leaveOut(item);
  // Older than all that are here: the history has it, and what lies between.
  if (room.hasEarlier && item.sentAt < messages.oldest()?.sentAt) return;
  messages.put({ ...item, isNew: !room.atBottom || document.hidden });
  trim();
}

/** The hub may have my message sooner than the function app's answer says which one it is. */
const isMeant = (mine, item) =>
  mine.state === "sending" &&
  !mine.id &&
  isMine(item) &&
  mine.recipient === item.recipient &&
  mine.text === item.text;

function trim() {
  const cut = messages.trim(!room.atBottom);
  if (cut === "newest") room.isBehind = true;
  if (cut === "oldest") Object.assign(room, { hasEarlier: true, reached: "" });
}

/** A page of the history, newest first; nothing when it could not be read. */
async function ask(what) {
  room.historyProblem = "";
  try {
    const page = await readHistory(room.apiBaseUrl, what);
    return {
      items: page.filter((message) => typeof message?.text === "string").map(read),
      isFull: page.length === what.limit,
      newest: page[0]?.sentAt,
      oldest: page.at(-1)?.id,
    };
  } catch (error) {
    if (mustSignIn(error)) return void onSignInEnded();
    if (room.history === "loading") room.history = "failed";
    room.historyProblem = inWords(error);
  }
}

const mustSignIn = (error) => Boolean(room.signIn) && error.status === 401;
const sent = (message) => ({ ...fields(message), state: "sent", problem: "" });

function read(message) {
  const known = fields(message);
  return messages.made({ ...known, isOfCheck: isOfCheck(known) });
}

/** Only what the page shows of a message, each with a value of the right kind. */
function fields({ id, sender, senderId, recipient, text, sentAt, stored }) {
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
