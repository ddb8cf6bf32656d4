// The room as the local cloud has told it last, and telling the local cloud what to do with it.

import { ask, NotPresenter, Refused } from "./cloud.js";
import { at, tell } from "./words.js";

const SAID_MS = 6_000;
const REFUSED = "This was refused: the stage has a new token. `chatkit stage status` tells it.";

export const room = {
  version: "",
  state: { open: true, url: null },
  messages: [], // those that are shown
  hidden: [],
  paused: false,
  slow_s: 0,
  muted: [],
  words: [],
  undo: null,
  only_here: "", // on Azure: what hiding does there
  drills: { active: [], kinds: [] },
  time: "",
};

let leaving = 0;

/** Tell the presenter, and a screen reader, what has happened. */
export function say(sentence) {
  clearTimeout(leaving);
  tell(at("said"), sentence);
  leaving = setTimeout(() => tell(at("said"), ""), SAID_MS);
}

/** Let the local cloud do something; says how it went. Returns whether it was done. */
export async function order(body) {
  try {
    say((await ask("powers", body)).said || "Done.");
    return true;
  } catch (error) {
    say(inWords(error));
    return false;
  }
}

function inWords(error) {
  if (error instanceof Refused) return error.message;
  if (error instanceof NotPresenter) return REFUSED;
  return "The local cloud does not answer. Try again when it does.";
}
