// The messages of the room: in order, each once, and only as many as a phone holds with ease. Older
// ones are in the history. The screen is told once a frame, however many have arrived.

import { isHidden } from "./rules.js";

const MOST = 1_000; // for who follows the talk; the oldest go
const MOST_READING = 2_000; // for who reads back: what is being read stays, the newest are left out
const AT_ONCE = 100; // go, so that it is not one with every message
const MOST_IDS = 5_000;
const UNWATCHED_MS = 1_000; // a page that nobody sees has no frames

/** What people have said, oldest first; mine that are not sent yet come last. */
export const said = Vue.shallowRef([]);

/** Who has spoken signed in, id to the newest name, also when what they said is not here any more. */
export const speakers = Vue.shallowRef(new Map());

/** How many messages have come since somebody last looked at the newest. */
export const unseen = Vue.ref(0);

let kept = []; // those that are not shown, too
const known = new Map(); // id to message
const removed = new Set(); // ids of messages that were taken out; they may still arrive
const leftOut = new Set(); // ids of messages newer than those that are kept
let waiting = 0;
let numbered = 0;

export const find = (id) => known.get(id);

/** The oldest message that the history has, too. */
export const oldest = () => kept.find((item) => item.id);

/** When the newest message was sent, as the function app says it. */
export const newestSentAt = () => kept.findLast((item) => item.state === "sent")?.sentAt ?? "";

/** Mine that are not sent yet, of which there are few. */
export const unsent = () => kept.slice(kept.findLastIndex((item) => item.state === "sent") + 1);

/** A message with all its fields. */
export const made = (fields) => ({
  key: ++numbered,
  id: "",
  sender: "",
  senderId: "", // who is not signed in has none
  recipient: "",
  text: "",
  sentAt: "",
  state: "sent", // sent, sending, waiting until something answers, or failed
  problem: "",
  isUncertain: false, // it may have gone out, and its answer was lost
  after: "", // when the newest message was sent that was here before it
  stored: true,
  waits: false, // its recipient was not connected
  isOfCheck: false, // what a check of the workshop writes is never shown
  isNew: false, // nobody has seen it yet
  height: 0, // in pixels, when it last stood in the page
  ...fields,
});

/** Take a message in, unless it is here or was taken out; of the same moment the later one. */
export function put(item, { isEarlier = false } = {}) {
  if (known.has(item.id) || removed.has(item.id)) return;
  if (item.id) known.set(item.id, item);
  kept.splice(placeOf(item, isEarlier), 0, item);
  changed();
}

/** Something has become of a message, which may change its place; nothing of one that is gone. */
export function settle(item, fields) {
  if (!kept.includes(item)) return;
  kept = kept.filter((other) => other !== item);
  known.delete(item.id);
  put(Object.assign(item, fields));
}

/** Keep only some. */
export function keep(test) {
  for (const item of kept) if (!test(item)) known.delete(item.id);
  kept = kept.filter(test);
  changed();
}

/** The talk is over, for who leaves. */
export function clear() {
  speakers.value = new Map();
  leftOut.clear();
  keep(() => false);
}

/** Messages are no longer in the room, and do not come back. */
export function remove(ids) {
  ids.filter(Boolean).forEach((id) => remember(removed, id));
  keep((item) => !removed.has(item.id));
}

/** Keep no more than a phone holds. Says which end was cut: "oldest", "newest", or "" for none. */
export function trim(isReading) {
  const most = isReading ? MOST_READING : MOST;
  if (kept.length <= most) return "";
  const number = kept.length - most + AT_ONCE;
  const from = isReading ? kept.length - unsent().length - number : 0;
  for (const item of kept.splice(from, number)) {
    known.delete(item.id);
    if (item.isNew) leaveOut(item);
  }
  changed();
  return isReading ? "newest" : "oldest";
}

/** Count a message that is newer than those that are kept. */
export function leaveOut(item) {
  if (!item.id || removed.has(item.id) || item.isOfCheck || isHidden(item)) return;
  remember(leftOut, item.id);
  changed();
}

/** Somebody has looked at the newest message. */
export function seen() {
  if (unseen.value || leftOut.size) changed();
  for (const item of kept) item.isNew = false;
  leftOut.clear();
  unseen.value = 0;
}

/** Tell the screen with the next frame. Whoever changes a message calls it. */
export function changed() {
  if (waiting) return;
  waiting = document.hidden ? setTimeout(tell, UNWATCHED_MS) : requestAnimationFrame(tell);
}

function tell() {
  waiting = 0;
  // What was not sent is not in the room: its writer reads why, and tries again.
  const isSeen = (item) => item.state !== "sent" || !isHidden(item);
  said.value = kept.filter((item) => !item.isOfCheck && isSeen(item));
  unseen.value = leftOut.size + said.value.filter((item) => item.isNew).length;
  meet();
}

function meet() {
  const signed = said.value.filter((item) => item.senderId && item.state === "sent");
  const now = new Map(signed.map((item) => [item.senderId, item.sender]));
  if ([...now].every(([id, name]) => speakers.value.get(id) === name)) return;
  const all = new Map([...speakers.value, ...now]);
  speakers.value = all.size > MOST_IDS ? now : all;
}

// A page that goes out of sight gets no frame any more, and one that comes back wants none to pass.
document.addEventListener("visibilitychange", () => waiting && tell());

/** Nearly always the end; for one from the history it may be anywhere. */
function placeOf(item, isEarlier) {
  const isBehind = (other) =>
    isEarlier ? rank(other) >= rank(item) : rank(other) > rank(item);
  let low = 0;
  let high = kept.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBehind(kept[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

// What is not sent yet comes last, in the order in which it was written.
const rank = (item) =>
  item.state === "sent" ? item.sentAt : `~${String(item.key).padStart(9, "0")}`;

function remember(ids, id) {
  ids.add(id);
  if (ids.size > MOST_IDS) ids.delete(ids.values().next().value);
}
