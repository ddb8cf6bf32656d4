// Coming into the room and leaving it: with a name, as a stage's guest, or signed in.

import { endSession, nameGuest, readGuest, readRules, whoAmI } from "./api.js";
import { inWords, readConfig } from "./config.js";
import { libraryIsThere, openLive } from "./live.js";
import { changed, remove } from "./messages.js";
import { forgetKept } from "./outbox.js";
import { forgetName, keepName, room } from "./room.js";
import * as rules from "./rules.js";
import { beginSignIn, dropDraft, forget, takeDraft, takeToken, token } from "./session.js";
import { beginTalk, endTalk, loadHistory, receive, whenSignInEnds } from "./talk.js";

const ENDED = "Your sign-in has ended. Please sign in again.";
const SPREAD_MS = 3_000; // 1,000 phones must not ask at the same moment
const AGAIN_MS = 1_000;

let live = null;
let again = 0;

whenSignInEnds(() => backToSignIn(ENDED));

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
  if (!room.signIn && !room.guest) keepName(name);
  Object.assign(room, { id, name, joined: true, signInNotice: "" });
  Object.assign(room, { recipient: "", draft: "" }, takeDraft(id));
  beginTalk();
  loadRules();
  libraryIsThere().then(goLive, (error) => (room.problem = inWords(error)));
}

function goLive() {
  if (live || !room.joined) return; // left meanwhile, and perhaps come back
  live = openLive(room.apiBaseUrl, {
    onMessage: receive,
    onRemoved: (ids) => Array.isArray(ids) && remove(ids),
    onRules: (document) => obey(document, { isFromHub: true }),
    onState: (link) => Object.assign(room.link, link),
    onConnected: () => (loadHistory(), loadRules()),
    onRefused: () => backToSignIn(ENDED),
  });
}

/** Back to the form, with the name still in its field. */
export function leave() {
  live?.close();
  live = null;
  forgetName();
  room.joined = false;
}

export async function signOut() {
  const told = endSession(room.apiBaseUrl);
  dropDraft();
  forgetKept();
  backToSignIn("You have signed out.");
  if (!(await told))
    room.signInNotice = "You have signed out of this tab. The function app could not be told.";
}

/** The sign-in is no good any more: nothing goes on until somebody signs in again. */
function backToSignIn(notice) {
  if (room.joined) leave();
  forget();
  endTalk();
  Object.assign(room, { id: "", name: "", signInNotice: notice });
}

export const reconnect = () => live?.retry();

/** On a stage: what the presenter has decided, while nobody was connected perhaps. */
async function loadRules() {
  if (!room.rules) return;
  clearTimeout(again);
  const knew = rules.known();
  try {
    obey(await readRules(room.rules), { isFromHub: false, knew });
  } catch {
    // What was hidden meanwhile is not to stay on this phone until something else is decided.
    clearTimeout(again);
    again = setTimeout(() => room.joined && loadRules(), AGAIN_MS + Math.random() * SPREAD_MS);
  }
}

function obey(document, options) {
  if (!room.rules) return;
  const showsMore = rules.follow(document, options);
  changed();
  if (showsMore) setTimeout(() => room.joined && loadHistory(), Math.random() * SPREAD_MS);
}
