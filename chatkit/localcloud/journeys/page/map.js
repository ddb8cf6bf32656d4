// Asks the local cloud for the ways of messages and plays them, a hop at a time.
// Every text goes in as text; the picture is an image, in which no script runs.

import { HEADER, prove, takeToken } from "./page_token.js";

const ASK_MS = 500;
const HOP_MS = 600;
const SLOW_HOP_MS = 2500;
const REST_MS = 1500;
const WAITING = 3;
const LATE_S = 5;
const KEPT = 50;
const TOKEN = "chatkit-map-token";
const NO_TOKEN = "This address does not open the map any more. workshop.map().page tells the present one.";
const INSECURE = "The map opens at an address of this machine, or over https.";
const SILENT =
  "The local cloud is not running. The map is as it was last, and goes on by itself when the cloud is back (chatkit local up).";

// The picture is an image, which does not know of this wish.
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

const ways = new Map();
let waiting = [];
let shown = null;
let steps = 0;
let due = 0;
let hasLooked = false;
let newest = 0;
let wanted = 0;
let run = ""; // of the local cloud: its ways count from 1 again when it was started anew
let proof = "";

const at = (id) => document.getElementById(id);

// The address may have got another token since: one that opens the map now.
async function proveAnew() {
  if (!crypto.subtle) throw new Error(INSECURE);
  proof = await prove(takeToken(TOKEN) || "-", "run");
}

async function ask(path) {
  const send = () => fetch(path, { headers: { [HEADER]: proof } });
  if (!proof) await proveAnew();
  let answer = await send();
  if (answer.status === 403) {
    await proveAnew();
    answer = await send();
  }
  if (answer.status === 403) throw new Error(NO_TOKEN);
  if (!answer.ok) throw new Error(SILENT);
  return answer.json();
}

function beginAnew(news) {
  run = news.run;
  newest = 0;
  ways.clear();
  waiting = [];
  list();
}

async function look() {
  let news = await ask(`journeys?after=${newest}`);
  if (run && run !== news.run) {
    beginAnew(news);
    news = await ask("journeys?after=0");
  }
  run = news.run;
  const isFirst = !hasLooked;
  hasLooked = true;
  for (const way of news.journeys) {
    newest = way.number;
    way.run = run;
    const last = Math.max(way.at, ...[...ways.values()].map((one) => one.at));
    ways.set(way.number, way);
    if (ways.size > KEPT) ways.delete(ways.keys().next().value);
    if (!isFirst && !way.is_trial && way.at > last - LATE_S) wait(way);
  }
  if (news.journeys.length) list();
  if (isFirst) showLast();
}

// A message is what people look for; other requests give way to it.
function wait(way) {
  if (way.is_message) waiting = waiting.filter((one) => one.is_message);
  waiting.push(way);
  waiting = waiting.slice(-WAITING);
}

// In the order in which they began; what is told late stands where it belongs.
function listed() {
  return [...ways.values()].sort((one, other) => one.at - other.at);
}

function showLast() {
  const all = listed();
  const messages = all.filter((way) => way.is_message);
  const last = messages.filter((way) => !way.is_trial).pop() ?? messages.pop() ?? all.pop() ?? null;
  shown = last;
  steps = last ? last.hops.length : 0;
  draw();
}

function begin(way) {
  shown = way;
  at("said").textContent = "";
  steps = 0;
  step();
}

function step() {
  steps += 1;
  due = performance.now() + (isOn("slow") ? SLOW_HOP_MS : HOP_MS);
  if (steps >= shown.hops.length) {
    due += REST_MS;
    at("said").textContent = shown.line.replaceAll("->", "→");
  }
  draw();
}

function goOn() {
  if (shown && steps < shown.hops.length) step();
  else if (waiting.length) begin(waiting.shift());
  else return false;
  return true;
}

async function draw() {
  at("now").textContent = shown ? shown.title : "No message has passed yet. Send one.";
  const hop = shown && steps ? shown.rows[steps - 1] : null;
  at("hop").textContent = hop ? `${hop[0]}. ${hop[1]} → ${hop[2]}: ${hop[3]}` : "";
  if (shown && steps >= shown.hops.length) at("hop").textContent += `. ${shown.outcome}`;
  rows();
  mark();
  wanted += 1;
  const mine = wanted;
  let drawn = null;
  try {
    drawn = await picture(shown, steps);
  } catch {
    return; // who asks for the ways says why
  }
  if (mine !== wanted) return;
  at("picture").src = `data:image/svg+xml,${encodeURIComponent(drawn.svg)}`;
  at("picture").alt = drawn.words;
}

// All pictures of a way are got when its first one is: the cloud may have forgotten it later, or be
// down, or another run of it may know another way by that number.
async function picture(way, steps) {
  const moves = STILL.matches ? 0 : 1;
  if (!way) return ask(`picture?way=0&moves=${moves}`);
  const get = (step) => ask(`picture?way=${way.number}&run=${way.run}&steps=${step}&moves=${moves}`);
  if (way.moves !== moves) {
    way.moves = moves;
    way.pictures = way.hops.map((_, index) => get(index + 1));
    for (const one of way.pictures) one.catch(() => (way.moves = null)); // asked for again
  }
  return way.pictures[steps - 1];
}

function rows() {
  const made = (shown ? shown.rows : []).map((cells, index) => {
    const row = document.createElement("tr");
    if (index >= steps) row.className = "ahead";
    if (index === steps - 1) row.className = "now";
    for (const cell of cells) row.append(element("td", cell));
    return row;
  });
  at("hops").replaceChildren(...made);
}

function list() {
  const made = listed().reverse().map((way) => {
    const button = element("button", way.title);
    button.append(element("small", `${way.way.replaceAll("->", "→")}. ${way.outcome}`));
    button.type = "button";
    button.dataset.way = way.number;
    button.addEventListener("click", () => begin(way));
    const item = document.createElement("li");
    item.append(button);
    return item;
  });
  const focused = document.activeElement?.dataset?.way;
  at("ways").replaceChildren(...made);
  if (focused) at("ways").querySelector(`[data-way="${focused}"]`)?.focus();
}

function mark() {
  for (const button of at("ways").querySelectorAll("button")) {
    const isShown = shown && button.dataset.way === String(shown.number);
    button.setAttribute("aria-current", String(Boolean(isShown)));
  }
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function isOn(id) {
  return at(id).getAttribute("aria-pressed") === "true";
}

for (const id of ["pause", "slow"]) {
  at(id).addEventListener("click", () => at(id).setAttribute("aria-pressed", String(!isOn(id))));
}
at("step").addEventListener("click", () => {
  if (!goOn() && shown) begin(shown);
});

// Why nothing new comes, above the picture; what was seen last stays.
function say(problem) {
  if (at("problem").textContent !== problem) at("problem").textContent = problem;
  document.body.classList.toggle("old", Boolean(problem));
}

async function play() {
  for (;;) {
    try {
      await look();
      say("");
    } catch (error) {
      say([NO_TOKEN, INSECURE].includes(error.message) ? error.message : SILENT);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

addEventListener("hashchange", () => location.reload());
setInterval(() => {
  if (isOn("pause")) return;
  // A message does not wait for the end of a request that nobody looks for.
  if (waiting[0]?.is_message && shown && !shown.is_message) begin(waiting.shift());
  else if (performance.now() >= due) goOn();
}, 100);
play();
