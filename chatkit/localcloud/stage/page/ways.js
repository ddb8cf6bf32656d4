// The way of each message, a hop at a time, as the map shows it; asked for only while it is seen.

import { ask } from "./cloud.js";
import { room } from "./room.js";
import { at, tell } from "./words.js";

const HIDDEN = "A message that is hidden";
const ASK_MS = 500;
const HOP_MS = 900;
const REST_MS = 1500;
const WAITING = 3;
const LATE_S = 5;
// The picture is an image, which does not know of this wish.
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

let playing = 0; // which time the map is on; 0 while it is off
let times = 0;
let newest = 0;
let run = "";
let waiting = [];
let shown = null;
let steps = 0;
let drawn = 0;

export const isShown = () => playing > 0;

/** Show the map, or take it away again. */
export function toggle() {
  playing = playing ? 0 : ++times;
  document.body.dataset.map = playing ? "on" : "off";
  at("map").hidden = !playing;
  at("talk").hidden = playing > 0;
  if (playing) play(playing);
}

/** Say what the way is of; what the presenter has hidden stands in the map neither. */
export function showTitle() {
  const title = shown && (isHidden(shown.title) ? HIDDEN : shown.title);
  tell(at("way-title"), title ?? "No message has passed yet. Send one.");
}

function isHidden(title) {
  return room.hidden.some(({ sender, text }) => {
    const name = `${sender}: `;
    const beginning = letters(title.slice(name.length).replace(/…$/, ""));
    return title.startsWith(name) && letters(text).startsWith(beginning);
  });
}

// A title spells out what cannot be seen in a text.
const letters = (text) => text.replace(/[^\p{L}\p{N}]/gu, "");

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function play(time) {
  waiting = [];
  let isFirst = true;
  while (playing === time) {
    try {
      await look(isFirst);
      isFirst = false;
    } catch {
      // Who asks for the room says that the local cloud does not answer.
    }
    if (shown && steps < shown.hops.length) await step();
    else if (waiting.length) await begin(waiting.shift());
    else await sleep(ASK_MS);
  }
}

async function look(isFirst) {
  let news = await ask(`journeys?after=${newest}`);
  if (run && news.run !== run) news = await ask("journeys?after=0"); // a cloud that counts anew
  if (news.run !== run) newest = 0;
  run = news.run;
  const messages = news.journeys.filter((way) => way.is_message && !way.is_trial);
  newest = Math.max(newest, ...news.journeys.map((way) => way.number));
  const last = Math.max(...messages.map((way) => way.at), 0);
  if (isFirst) await showWhole(messages.at(-1) ?? shown);
  else waiting.push(...messages.filter((way) => way.at > last - LATE_S));
  waiting = waiting.slice(-WAITING);
}

async function showWhole(way) {
  shown = way;
  steps = way ? way.hops.length : 0;
  await draw();
}

async function begin(way) {
  shown = way;
  steps = 0;
  await step();
}

async function step() {
  steps += 1;
  await draw();
  await sleep(HOP_MS + (steps >= shown.hops.length ? REST_MS : 0));
}

async function draw() {
  showTitle();
  tell(at("hop"), hopInWords());
  const mine = ++drawn;
  const moves = STILL.matches ? 0 : 1;
  try {
    const answer = await ask(`picture?way=${shown?.number ?? 0}&steps=${steps}&moves=${moves}`);
    if (mine !== drawn) return;
    at("picture").src = `data:image/svg+xml,${encodeURIComponent(answer.svg)}`;
    at("picture").alt = shown && isHidden(shown.title) ? HIDDEN : answer.words;
  } catch {
    // As above.
  }
}

function hopInWords() {
  if (!shown || !steps) return "";
  if (steps >= shown.hops.length) return shown.outcome;
  const [number, from, to, what] = shown.rows[steps - 1];
  return `${number}. ${from} → ${to}: ${what}`;
}
