// The stage's screen: asks the local cloud for the room and shows it, for as long as it is open.

import { ask, forgetToken, hasToken, NotPresenter } from "./cloud.js";
import { offer, showState, withdraw } from "./keys.js";
import * as messages from "./messages.js";
import { POWERS } from "./presenter.js";
import { room } from "./room.js";
import { refuse, show, showSilence } from "./view.js";
import { at } from "./words.js";

const AGAIN_MS = 200; // what comes meanwhile comes together
const PUBLIC_MS = 2_000;
const RETRY_MS = 1_000;

let hasPowers = false;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** With the token: everything, as soon as something changes. */
async function followRoom() {
  Object.assign(room, await ask(`room?after=${encodeURIComponent(room.version)}`));
  const visible = room.messages.filter((message) => !message.hidden);
  room.messages = visible;
  if (!hasPowers) beginPowers(); // not before the room is known: its words are edited as a whole
  show();
  messages.take(visible);
  showState();
  return AGAIN_MS;
}

/** Without: where phones go, and how many are here. */
async function followState() {
  room.state = await ask("state");
  show();
  return PUBLIC_MS;
}

function beginPowers() {
  hasPowers = true;
  offer(POWERS);
  messages.letChoose(showState);
  document.body.dataset.powers = "";
}

function endPowers() {
  hasPowers = false;
  forgetToken();
  withdraw();
  delete document.body.dataset.powers;
  refuse();
  Object.assign(room, { messages: [], muted: [], drills: { active: [], kinds: [] } });
  messages.take([]);
}

async function follow() {
  for (;;) {
    let pause_ms = RETRY_MS;
    try {
      pause_ms = await (hasToken() ? followRoom() : followState());
      showSilence(false);
    } catch (error) {
      if (error instanceof NotPresenter && hasToken()) endPowers();
      else showSilence(true);
      room.version = "";
    }
    await sleep(pause_ms);
  }
}

addEventListener("hashchange", () => location.reload());
at("messages").focus();
follow();
