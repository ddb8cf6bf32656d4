// The stage's screen: asks the local cloud for the room and shows it, for as long as it is open.

import { ask, hasToken, NotPresenter, Silent } from "./cloud.js";
import * as dialogs from "./dialogs.js";
import { offer, showState, withdraw } from "./keys.js";
import * as messages from "./messages.js";
import { offered } from "./presenter.js";
import { room } from "./room.js";
import { refuse, show, showSilence } from "./view.js";
import * as ways from "./ways.js";

const AGAIN_MS = 200; // what comes meanwhile comes together
const PUBLIC_MS = 2_000;
const RETRY_MS = 1_000;
// A browser gives up what it has asked for when the machine's network changes, loopback too.
const SOON_MS = 250;

let hasPowers = false;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const isMessage = ({ text, sender }) => typeof text === "string" && typeof sender === "string";

/** With the token: everything, as soon as something changes. */
async function followRoom() {
  Object.assign(room, await ask(`room?after=${encodeURIComponent(room.version)}`));
  const told = room.messages.filter(isMessage);
  room.hidden = told.filter((message) => message.hidden);
  room.messages = told.filter((message) => !message.hidden);
  refuse(false);
  if (!hasPowers) beginPowers(); // not before the room is known: its words are edited as a whole
  show();
  messages.take(room.messages);
  if (ways.isShown()) ways.showTitle();
  showState();
  return AGAIN_MS;
}

/** Without: where phones go, and how many are here. */
async function followState() {
  room.state = await ask("state");
  show();
  return PUBLIC_MS;
}

/** A screen that goes dark in the middle of a talk helps nobody. */
function stayAwake() {
  if (document.hidden || !hasPowers) return;
  navigator.wakeLock?.request("screen").catch(() => {}); // on a low battery the system refuses
}

function beginPowers() {
  hasPowers = true;
  stayAwake();
  offer(offered());
  messages.letChoose(showState);
  document.body.dataset.powers = "";
}

function endPowers() {
  refuse(true);
  room.version = "";
  if (!hasPowers) return;
  hasPowers = false;
  if (ways.isShown()) ways.toggle();
  withdraw();
  delete document.body.dataset.powers;
  dialogs.close();
  Object.assign(room, { messages: [], muted: [], drills: { active: [], kinds: [] } });
  Object.assign(room, { hidden: [], words: [], undo: null, paused: false, slow_s: 0 });
  messages.take([]);
}

/** As the presenter, or without powers: something else that has the port for a while refuses, too. */
async function followAsAllowed() {
  if (!hasToken()) return followState();
  try {
    return await followRoom();
  } catch (error) {
    if (!(error instanceof NotPresenter)) throw error;
    endPowers();
    return followState();
  }
}

async function follow() {
  let failures = 0;
  for (;;) {
    try {
      const pause_ms = await followAsAllowed();
      failures = 0;
      showSilence(false);
      await sleep(pause_ms);
    } catch (error) {
      failures += 1;
      room.version = "";
      showSilence(failures > 1);
      if (!(error instanceof NotPresenter || error instanceof Silent)) console.error(error);
      await sleep(failures > 1 ? RETRY_MS : SOON_MS);
    }
  }
}

document.addEventListener("visibilitychange", stayAwake);
addEventListener("hashchange", () => location.reload());
follow();
