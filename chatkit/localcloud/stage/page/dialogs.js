// Questions and lists over the screen: the keys, the word list, drills, and who is muted.

import { at, button, made, nameOf } from "./words.js";

const box = at("dialog");
const NOBODY = "Nobody is muted. To mute a guest, choose one of the guest's messages first (↑).";
let onKey = () => false;

box.addEventListener("keydown", (event) => {
  // A key that is held down has asked, and is no answer. One that has just been closed may still
  // have the focus.
  if (!box.open || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("textarea, input") || !onKey(nameOf(event))) return;
  event.preventDefault();
  event.stopPropagation(); // what closes it would else be a key of the screen, too
});

export const close = () => box.close();

/**
 * Open one.
 *
 * title: What it is about.
 * content: Elements.
 * key(name): Does what the key means there; returns whether it means anything.
 */
function open(title, content, key = () => false) {
  onKey = key;
  at("dialog-title").textContent = title;
  at("dialog-body").replaceChildren(...content);
  if (!box.open) box.showModal();
  (box.querySelector("[autofocus]") ?? at("dialog-title")).focus();
}

const row = (...buttons) => {
  const element = made("p", "", "buttons");
  element.append(...buttons);
  return element;
};

/** Ask once; `key`, the key that has asked, is another yes. */
export function confirm({ title, sentence, yes, key }, act) {
  const agree = () => {
    close();
    act();
  };
  const no = button("Cancel", close);
  no.autofocus = true;
  const content = [made("p", sentence), row(button(yes, agree, "main"), no)];
  open(title, content, (name) => name === key && (agree(), true));
}

/** The keys, and what each does; pressed, it does it. */
export function tellKeys(powers) {
  const list = made("ul", "", "keys");
  list.append(...powers.map(keyChoice));
  open("Keys", [list, row(button("Close", close))], (name) => name === "?" && (close(), true));
}

function keyChoice({ keys, tells, act }) {
  const choice = button("", () => {
    close();
    act();
  });
  const names = made("span", "", "names");
  names.append(...keys.map((key) => made("kbd", key)));
  choice.append(names, made("span", tells));
  const item = made("li");
  item.append(choice);
  return item;
}

/**
 * The word list. The room sees this screen: the words are covered until the presenter shows them.
 */
export function editWords(words, save) {
  const field = document.createElement("textarea");
  field.value = words.join("\n");
  field.rows = 6;
  field.spellcheck = false;
  field.autofocus = true;
  field.className = "covered";
  field.setAttribute("aria-label", "Words, one a line");
  const uncover = button("Show the words to the room", () => {
    const isCovered = field.classList.toggle("covered");
    uncover.textContent = isCovered ? "Show the words to the room" : "Cover the words";
  });
  const keep = async () => {
    const wanted = field.value.split("\n").map((word) => word.trim()).filter(Boolean);
    if (await save(wanted)) close();
  };
  const explained = made("p", "A message with one of these words goes to nobody. One a line.");
  open("Word list", [explained, field, row(button("Save", keep, "main"), uncover, button("Cancel", close))]);
}

/** Drills by number; 0 ends those that are on. */
export function chooseDrill({ kinds, active }, begin, end) {
  const start = ({ kind }) => {
    close();
    begin(kind);
  };
  const stop = () => {
    close();
    end();
  };
  const list = made("ol", "", "choices");
  list.append(...kinds.map((drill, index) => drillChoice(drill, index, () => start(drill))));
  const buttons = [button("Close", close)];
  if (active.length) buttons.unshift(button("End what is on (0)", stop, "main"));
  open("Drills, 30 seconds each", [list, row(...buttons)], (name) => {
    const drill = kinds[Number(name) - 1];
    if (name === "0") stop();
    else if (drill) start(drill);
    return name === "0" || Boolean(drill);
  });
}

function drillChoice({ title }, index, start) {
  const choice = button("", start);
  choice.autofocus = index === 0;
  choice.append(made("kbd", String(index + 1)), made("span", title));
  const item = made("li");
  item.append(choice);
  return item;
}

/** Who is muted, to let them speak again. */
export function chooseMuted(guests, unmute) {
  if (!guests.length) return open("Muted guests", [made("p", NOBODY), row(button("Close", close))]);
  const list = made("ul", "", "choices");
  list.append(...guests.map((guest) => mutedChoice(guest, unmute)));
  open("Muted guests", [list, row(button("Close", close))]);
}

function mutedChoice({ id, name }, unmute) {
  const choice = button("", () => {
    close();
    unmute(id ? { guest: id } : { name });
  });
  choice.append("Let ", made("bdi", name), " speak again");
  const item = made("li");
  item.append(choice);
  return item;
}
