// What the room sees besides the messages: code, address, figures, and what is not as it should be.

import { hasToken } from "./cloud.js";
import { room } from "./room.js";
import { at, count, made, tell } from "./words.js";

const SILENT =
  "The local cloud does not answer. `chatkit local up` starts it again. This page comes back by itself.";
const NO_SCREEN = "The screen has ended. `chatkit stage up` opens it again.";
const NO_TOKEN =
  "The link of this page is of another stage, and opens no powers: `chatkit stage status` tells the present one.";
const ENDED = "The stage has ended. `chatkit stage up` opens it again.";

const SECOND_MS = 1_000;

let ends = []; // of the drills that are on, as this page counts time
let counting = 0;
let fullSize = false;
let isSilent = false;
let isRefused = false;

export const isFullSize = () => fullSize;

/** The code as large as the page, or in the corner. */
export function showFullSize(wanted) {
  fullSize = wanted;
  arrange();
}

/** Whether the token opens nothing. */
export function refuse(wanted) {
  isRefused = wanted;
}

/** Whether the local cloud does not answer. */
export function showSilence(wanted) {
  isSilent = wanted;
  showProblem();
}

/** Show what is new. */
export function show() {
  const { state } = room;
  showAddress(state.url ?? "");
  showFigures(state);
  tell(at("notice"), state.notice ?? "");
  tell(at("rules"), rules());
  tell(at("time"), room.time ?? "");
  showDrills(room.drills.active);
  showProblem();
  arrange();
}

/** Before anybody has written the code is what the room needs; then it moves into the corner. */
function arrange() {
  const isTalk = hasToken() && (room.messages.length > 0 || document.body.dataset.map === "on");
  document.body.dataset.view = isTalk && !fullSize ? "talk" : "join";
}

function showProblem() {
  let sentence = "";
  if (isRefused) sentence = NO_TOKEN;
  if (!room.state.open) sentence = ENDED;
  if (isSilent) sentence = room.only_here ? NO_SCREEN : SILENT;
  tell(at("problem"), sentence);
  at("news").hidden = ![...at("news").children].some((one) => !one.hidden);
}

function showAddress(url) {
  const address = url.replace(/^http:\/\//, "").replace(/\/$/, "");
  for (const id of ["invitation", "code", "typed"]) at(id).hidden = !address;
  at("no-code").hidden = Boolean(address) || !room.state.open;
  if (!address || at("address").textContent === address) return;
  // Where it breaks when there is no room for it on one line.
  const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(address);
  at("address").replaceChildren(host, ...(port ? [document.createElement("wbr"), `:${port}`] : []));
  at("code").src = `stage/code.svg?for=${encodeURIComponent(address)}`;
  at("code").alt = `QR code of ${address}`;
}

function showFigures({ open, connected, holds, waiting, messages_per_s: pace }) {
  const isKnown = open && typeof connected === "number";
  const isFull = isKnown && holds > 0 && connected >= holds;
  tell(at("here"), isKnown ? `${connected}${isFull ? ` of ${holds}` : ""} here` : "");
  tell(at("pace"), open && pace >= 0 ? `${paceInWords(pace)} a second` : "");
  tell(at("full"), isFull ? fullSentence(waiting) : "");
}

const paceInWords = (pace) => (pace === 1 ? count(1, "message") : `${pace.toLocaleString()} messages`);

function fullSentence(waiting) {
  if (!waiting) return "Full: who comes next waits for a place.";
  return waiting === 1 ? "Full: 1 waits for a place." : `Full: ${waiting} wait for a place.`;
}

function rules() {
  if (!room.state.open) return "";
  if (room.only_here && (room.hidden.length || room.muted.length)) return room.only_here;
  if (room.paused) return "The room is paused: nobody can write.";
  if (!room.slow_s) return "";
  return `Slow mode: everybody can write once in ${count(room.slow_s, "second")}.`;
}

/** What is being shown, and what to look at. Only the seconds change while a drill is on. */
function showDrills(active) {
  const kinds = active.map((drill) => drill.kind).join(" ");
  if (at("drills").dataset.kinds !== kinds) {
    at("drills").dataset.kinds = kinds;
    at("drills").replaceChildren(...active.map(explained));
  }
  ends = active.map((drill) => performance.now() + drill.seconds_left * 1000);
  countDown();
}

/** The local cloud tells when a drill begins and ends; the seconds between are counted here. */
function countDown() {
  clearTimeout(counting);
  at("drills").hidden = ends.length === 0;
  ends.forEach((end, index) => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    tell(at("drills").children[index].querySelector(".seconds"), `${left} s`);
  });
  if (ends.length) counting = setTimeout(countDown, SECOND_MS);
}

function explained({ title, happens, look }) {
  const element = made("section", "", "drill");
  const heading = made("h2", title);
  const seconds = made("span", "", "seconds");
  seconds.setAttribute("role", "timer");
  seconds.setAttribute("aria-live", "off"); // else a screen reader reads every second out
  heading.append(" ", seconds);
  element.append(heading, made("p", happens), made("p", look, "look"));
  return element;
}
