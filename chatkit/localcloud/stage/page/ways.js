// The way of each message, a hop at a time, as the map shows it; asked for only while it is seen.

import { ask } from "./cloud.js";
import { at, tell } from "./words.js";

const ASK_MS = 500;
const HOP_MS = 900;
const REST_MS = 1500;
const WAITING = 3;
const LATE_S = 5;
// The picture is an image, which does not know of this wish.
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

let isOn = false;
let newest = 0;
let run = "";
let waiting = [];
let shown = null;
let steps = 0;
let drawn = 0;

export const isShown = () => isOn;

/** Show the map, or take it away again. */
export function toggle() {
  isOn = !isOn;
  document.body.dataset.map = isOn ? "on" : "off";
  at("map").hidden = !isOn;
  at("talk").hidden = isOn;
  if (isOn) play();
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function play() {
  waiting = [];
  let isFirst = true;
  while (isOn) {
    try {
      isFirst = !(await look(isFirst));
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
  if (news.run !== run && run) {
    newest = 0; // another local cloud, which counts anew
    news = await ask("journeys?after=0");
  }
  run = news.run;
  const messages = news.journeys.filter((way) => way.is_message);
  newest = Math.max(newest, ...news.journeys.map((way) => way.number));
  const last = Math.max(...messages.map((way) => way.at), 0);
  if (isFirst) await showWhole(messages.at(-1) ?? shown);
  else waiting.push(...messages.filter((way) => way.at > last - LATE_S));
  waiting = waiting.slice(-WAITING);
  return true;
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
  const hop = shown && steps ? shown.rows[steps - 1] : null;
  const isOver = shown && steps >= shown.hops.length;
  tell(at("way-title"), shown ? shown.title : "No message has passed yet. Send one.");
  tell(at("hop"), isOver ? shown.outcome : hop ? `${hop[0]}. ${hop[1]} → ${hop[2]}: ${hop[3]}` : "");
  const mine = ++drawn;
  const moves = STILL.matches ? 0 : 1;
  try {
    const answer = await ask(`picture?way=${shown?.number ?? 0}&steps=${steps}&moves=${moves}`);
    if (mine !== drawn) return;
    at("picture").src = `data:image/svg+xml,${encodeURIComponent(answer.svg)}`;
    at("picture").alt = answer.words;
  } catch {
    // As above.
  }
}
