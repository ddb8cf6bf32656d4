// The board: a client of hub "board" that has read what there was before.

import { ask, Refused } from "./access.js";
import { medianOf, rowOf, sameErrors } from "./figures.js";
import { everybody, forget, learn, learnAll } from "./people.js";
import { draw, showClass, showProblem, showState } from "./view.js";

const AGAIN_MS = 3_000;
const REFRESH_MS = 60_000; // in case that a message got lost
const TICK_MS = 5_000;
// Who looks for a name finds it where it was; on a projector nobody is looked for.
const byPerson = (one, other) => one.person.localeCompare(other.person, "en", { numeric: true });
const byProgress = (one, other) => other.passed - one.passed || byPerson(one, other);
let known = null;
let isPlanned = false;
let isLive = false;

function redraw() {
  if (isPlanned || !known) return;
  isPlanned = true;
  // A frame, or a moment in a window that nobody sees: there are no frames there.
  const wait = document.hidden ? (does) => setTimeout(does, 100) : requestAnimationFrame;
  wait(() => {
    isPlanned = false;
    drawNow();
  });
}

function drawNow() {
  const now = Date.now() / 1000;
  const rows = everybody().map(([person, events]) => rowOf(person, events, known.sections, now));
  rows.sort(known.instructor ? byPerson : byProgress);
  const here = new Set(rows.map(({ person }) => person));
  const names = Object.entries(known.names ?? {});
  draw({
    rows,
    away: names.filter(([person]) => !here.has(person)).map(([, name]) => name),
    errors: sameErrors(rows),
    medians: known.sections.map((_, index) => medianOf(rows, index)),
    known,
    lower: known.instructor ? lower : null,
  });
}

const sentenceOf = (error) =>
  error instanceof Refused ? error.message : "The board does not answer.";

async function lower(person) {
  try {
    await ask("hands", { person });
  } catch (error) {
    showProblem(sentenceOf(error));
  }
}

async function refresh() {
  const askedAt = performance.now();
  const { people } = await ask("results");
  learnAll(people, askedAt);
  await lookAtClass(); // it may have become longer, and have newcomers
  redraw();
}

async function lookAtClass() {
  known = await ask("known");
  showClass(known);
}

async function connect() {
  await lookAtClass();
  const { url, accessToken } = await ask("negotiate", {});
  const hub = new signalR.HubConnectionBuilder()
    .withUrl(url, { accessTokenFactory: () => accessToken, withCredentials: false })
    .configureLogging(signalR.LogLevel.None)
    .build();
  hub.on("events", (person, events) => {
    learn(person, events);
    redraw();
    if (known.instructor && !(person in known.names)) lookAtClass().then(redraw, () => {});
  });
  hub.on("left", (person) => {
    forget(person);
    redraw();
  });
  const closed = new Promise((resolve) => hub.onclose(resolve));
  await hub.start();
  try {
    await refresh(); // what happened before, and while nobody listened
    isLive = true;
    showState("live");
    showProblem("");
    const refreshing = setInterval(() => refresh().catch(() => {}), REFRESH_MS);
    await closed.finally(() => clearInterval(refreshing));
  } finally {
    isLive = false;
    await hub.stop();
  }
}

// Minutes go on. The board may be at another address, or have ended: the hub goes on without it.
setInterval(async () => {
  try {
    await lookAtClass();
    if (isLive) showProblem("");
  } catch (error) {
    showProblem(sentenceOf(error));
  }
  redraw();
}, TICK_MS);
for (;;) {
  try {
    await connect();
  } catch (error) {
    showProblem(sentenceOf(error));
  }
  showState("connecting again");
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
}
