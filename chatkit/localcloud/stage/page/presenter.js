// The presenter's powers: what each key and each button does.

import * as dialogs from "./dialogs.js";
import { listed, showState } from "./keys.js";
import * as messages from "./messages.js";
import { order, room, say } from "./room.js";
import { isFullSize, showFullSize } from "./view.js";
import * as ways from "./ways.js";
import { at } from "./words.js";

const SLOW_S = [0, 5, 15, 60];
const DRILL_S = 30;
const DARK = matchMedia("(prefers-color-scheme: dark)");
const NOT_THERE = "Azure has no such power: here you can hide, mute and clear, on this screen only.";
const CHOOSE = "Choose a message first: ↑.";

function pause() {
  order({ do: room.paused ? "resume" : "pause" });
}

function hold() {
  messages.hold(!messages.isHeld());
  showState();
}

function choose(step) {
  if (at("messages").checkVisibility()) messages.move(step);
  else say("No messages are shown at the moment.");
}

function hide() {
  const message = messages.chosen();
  if (!message) return say(CHOOSE);
  messages.choose("");
  order({ do: "hide", id: message.id });
}

/** The guest of the chosen message; without one, who is muted. */
function mute() {
  const message = messages.chosen();
  if (!message) return dialogs.chooseMuted(room.muted, (who) => order({ do: "unmute", ...who }));
  messages.choose("");
  const who = message.senderId ? { guest: message.senderId } : { name: message.sender };
  order({ do: "mute", ...who });
}

function slow() {
  const next = SLOW_S[(SLOW_S.indexOf(room.slow_s) + 1) % SLOW_S.length];
  order({ do: "slow", seconds: next });
}

function clear() {
  const asked = {
    title: "Clear the room?",
    sentence: room.only_here
      ? "Every message leaves this screen. Phones on Azure keep what they have."
      : "Every message leaves the phones, the screen and the history. Undo takes it back.",
    yes: "Clear (C)",
    key: "c",
  };
  dialogs.confirm(asked, () => order({ do: "clear" }));
}

const undo = () => order({ do: "undo" });

const words = () => dialogs.editWords(room.words, (wanted) => order({ do: "words", words: wanted }));

function drills() {
  const begin = (kind) => order({ do: "drill", kind, for_s: DRILL_S });
  dialogs.chooseDrill(room.drills, begin, () => order({ do: "end-drill", kind: "" }));
}

function map() {
  messages.choose(""); // nobody hides what nobody sees
  ways.toggle();
  showState();
}

function join() {
  messages.choose("");
  showFullSize(!isFullSize());
  showState();
}

function light() {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : DARK.matches;
  root.dataset.theme = isDark ? "light" : "dark";
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => say("The browser does not do it."));
}

function bar() {
  const isGone = document.body.classList.toggle("without-bar");
  if (isGone) say("B brings the bar back, ? tells the keys.");
}

/** What of the powers there is: on Azure those alone that this screen has by itself. */
export const offered = () => (room.only_here ? POWERS.map(onThisScreen) : POWERS);

function onThisScreen(power) {
  if (power.here) return { ...power, tells: power.here };
  if (!power.needsStage) return power;
  return { key: power.key, act: () => say(NOT_THERE) };
}

const POWERS = [
  {
    key: "ArrowUp",
    shown: "↑ ↓",
    act: () => choose(-1),
    tells: "choose a message",
    repeats: true,
  },
  { key: "ArrowDown", act: () => choose(1), repeats: true },
  { key: "Escape", shown: "Esc", act: () => messages.choose(""), tells: "choose none, and go on" },
  {
    key: "h",
    label: "Hide",
    act: hide,
    possible: messages.chosen,
    tells: "hide the chosen message everywhere",
    here: "hide the chosen message, on this screen only",
  },
  {
    key: "g",
    label: "Mute guest",
    act: mute,
    tells: "mute its guest, or see who is muted",
    here: "hide all of its writer, on this screen only, or see of whom",
  },
  {
    key: "p",
    label: "Pause",
    act: pause,
    pressed: () => room.paused,
    tells: "pause: nobody can write",
    needsStage: true,
  },
  {
    key: "s",
    label: "Slow",
    name: () => (room.slow_s ? `Slow ${room.slow_s} s` : "Slow"),
    act: slow,
    pressed: () => room.slow_s > 0,
    tells: "slow mode: 5, 15, 60 seconds, off",
    needsStage: true,
  },
  {
    key: "c",
    label: "Clear",
    act: clear,
    tells: "clear the room; asks once",
    here: "clear this screen; asks once",
  },
  {
    key: "u",
    label: "Undo",
    act: undo,
    possible: () => room.undo,
    tells: "undo the last of these",
  },
  {
    key: "w",
    label: "Words",
    act: words,
    tells: "words that no message may have",
    needsStage: true,
  },
  {
    key: "d",
    label: "Drill",
    act: drills,
    tells: "drills: a part of the chat fails",
    needsStage: true,
  },
  {
    key: "m",
    label: "Map",
    act: map,
    pressed: ways.isShown,
    tells: "map: the way of a message",
    needsStage: true,
  },
  {
    key: "j",
    label: "Join",
    act: join,
    pressed: isFullSize,
    tells: "the code, large or in the corner",
  },
  { key: " ", shown: "Space", act: hold, tells: "hold the screen still, or go on" },
  { key: "l", act: light, tells: "light or dark" },
  { key: "f", act: fullScreen, tells: "full screen" },
  { key: "b", act: bar, tells: "this bar, away or back" },
  { key: "?", label: "? Keys", act: () => dialogs.tellKeys(listed()), tells: "these keys" },
];
