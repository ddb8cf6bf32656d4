// Messages of mine that nobody could take, because nothing answered or the function app was down.
// They go out by themselves when it answers again: in order, each once, also after a reload.

import { readHistory } from "./api.js";
import { ApiError } from "./config.js";
import * as messages from "./messages.js";
import { isMine, room } from "./room.js";

const KEPT_KEY = "chat-outbox";
const DELAYS_S = [1, 2, 4, 8];
const NEWEST = 200; // of the history, in which a message may be that went out without an answer
const SKEW_MS = 5 * 60_000; // how wrong this device's clock may be
const DOWN = [502, 503, 504];

let talk = null;
let timer = 0;
let attempts = 0;
let isBusy = false;

/** Whether something may be sent again by itself: nothing answered, or what stands before the app. */
export const canWait = (error) =>
  error instanceof ApiError && !error.isOfApp && (!error.status || DOWN.includes(error.status));

/**
 * How to talk: post(item) sends a message and resolves to whether it need not be sent again, and
 * read(message) makes one of the function app's the page's.
 */
export const talkWith = (does) => (talk = does);

/** Those that wait, in the order in which they were written. */
const waiting = () => messages.unsent().filter((item) => item.state === "waiting");

/** Whether messages wait: a new one goes behind them. */
export const hasWaiting = () => isBusy || waiting().length > 0;

/** Let a message wait; who has just been told why tells it. */
export function wait(item, error) {
  // 503 comes from before the app. Without an answer nobody knows what became of the message.
  const isUncertain = item.isUncertain || Boolean(error && error.status !== 503);
  messages.settle(item, { state: "waiting", problem: error?.message ?? "", isUncertain });
  save();
  if (!isBusy) later();
}

/** Those that this person has left in this tab. */
export function restore() {
  attempts = 0;
  for (const left of readKept()) messages.put(messages.made({ ...left, state: "waiting" }));
  if (hasWaiting()) flush();
}

/** Send what waits, now. */
export async function flush() {
  clearTimeout(timer);
  if (isBusy) return;
  isBusy = true;
  try {
    while (await sendNext());
  } finally {
    isBusy = false;
    save();
  }
  if (waiting().length) later();
  else attempts = 0;
}

/** A message from the history or the hub may be one of those: its answer was lost. */
export function claim(arrived) {
  const mine = waiting().find((item) => isMeant(item, arrived));
  if (!mine) return false;
  const { key, ...fields } = arrived;
  messages.settle(mine, { ...fields, problem: "", isNew: false });
  save();
  return true;
}

/** Nothing waits any more. */
export function forgetKept() {
  clearTimeout(timer);
  sessionStorage.removeItem(KEPT_KEY);
}

/** Write down what waits; those of others who use this tab stay. */
export function save() {
  const mine = waiting().map(({ sender, senderId, recipient, text, sentAt, after }) => ({
    ...{ sender, senderId, recipient, text, sentAt, after, isUncertain: true },
  }));
  const all = [...kept().filter((left) => !isOfMe(left)), ...mine];
  try {
    if (all.length) sessionStorage.setItem(KEPT_KEY, JSON.stringify(all));
    else sessionStorage.removeItem(KEPT_KEY);
  } catch {
    // No room: they wait as long as the page is open.
  }
}

/** Send the first that waits. Says whether to go on with the next. */
async function sendNext() {
  const [item] = waiting();
  if (!item || !room.joined) return false;
  if (item.isUncertain && !(await isHistoryRead())) return false;
  if (item.state !== "waiting") return true; // it had gone out
  item.isUncertain = false;
  return talk.post(item);
}

/** Look whether some have gone out; false while nobody can tell. */
async function isHistoryRead() {
  try {
    const page = await readHistory(room.apiBaseUrl, { limit: NEWEST });
    const texts = page.filter(({ id, text }) => typeof text === "string" && !messages.find(id));
    texts.reverse().forEach((message) => claim(talk.read(message)));
    return true;
  } catch {
    return false;
  }
}

function isMeant(mine, arrived) {
  const isLater = arrived.sentAt >= mine.after;
  const isNear = Date.parse(arrived.sentAt) > Date.parse(mine.sentAt) - SKEW_MS;
  return (
    mine.isUncertain &&
    isMine(arrived) &&
    isLater &&
    isNear &&
    mine.text === arrived.text &&
    mine.recipient === arrived.recipient
  );
}

function later() {
  clearTimeout(timer);
  const delay_s = DELAYS_S[Math.min(attempts++, DELAYS_S.length - 1)] + Math.random();
  timer = setTimeout(flush, delay_s * 1000);
}

const isOfMe = ({ sender, senderId }) => (room.id ? senderId === room.id : sender === room.name);

const readKept = () => kept().filter(isOfMe);

function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEPT_KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((left) => typeof left?.text === "string") : [];
  } catch {
    return [];
  }
}

addEventListener("online", () => hasWaiting() && flush());
