// One message, as the log shows it: alone, or below another one of the same person.

import { avatar, called, hasIds, isSeen, nameOf, sender } from "./names.js";
import { flush } from "./outbox.js";
import { isMine, room } from "./room.js";
import { deliver, discard } from "./talk.js";
import { dayOf, momentOf, timeOf } from "./text.js";

const { h } = Vue;
const TOGETHER_MS = 5 * 60_000;
const GOES_BY_ITSELF = "It is sent by itself when there is an answer.";
const NOT_KEPT = "Sent, but not kept in the history: who comes later does not see it.";
const UNVERIFIED = "Nobody was signed in when this was said: nobody has verified the name.";

export const button = (label, onClick) =>
  h("button", { type: "button", class: "link", onClick }, label);

/**
 * The list items of a message: the day's heading when it is the day's first, and the message itself.
 *
 * Messages that one person says soon after each other have name and time once, over the first; the
 * others tell screen readers only who is talking (app.css has it from data-who).
 */
export function message(item, before, place) {
  const isNewDay = !before || dayOf(before.sentAt) !== dayOf(item.sentAt);
  const follows = !isNewDay && isTogether(item, before);
  const own = isMine(item);
  const looks = ["message", item.state, { own, follows, private: item.recipient }];
  const said = [
    follows ? null : who(item, own),
    follows || !item.recipient ? null : badge(item),
    h("p", { class: "text", dir: "auto", title: follows ? momentOf(item.sentAt) : null }, item.text),
    deliveryNote(item),
  ];
  const shown = [
    follows ? null : avatar(item.sender, item.senderId || item.sender),
    h("div", { class: "said", "data-who": follows ? speaks(item) : null }, said.filter(Boolean)),
  ];
  const line = h("li", { class: looks, key: item.key, ...place }, shown.filter(Boolean));
  return isNewDay ? [day(item), line] : [line];
}

const day = (item) =>
  h("li", { class: "day", key: `day-${item.key}` }, [h("span", dayOf(item.sentAt))]);

function isTogether(item, before) {
  const isSoon = Date.parse(item.sentAt) - Date.parse(before.sentAt) < TOGETHER_MS;
  return isSoon && ["sender", "senderId", "recipient"].every((key) => before[key] === item[key]);
}

function who(item, own) {
  const time = { datetime: item.sentAt, title: momentOf(item.sentAt) };
  const parts = [
    speaker(item, own),
    own ? h("span", { class: "quiet" }, " (you)") : null,
    ...(hasIds.value && isOld(item) ? unverified() : []),
    h("time", time, ` ${timeOf(item.sentAt)}`),
  ];
  return h("p", { class: "who" }, parts.filter(Boolean));
}

/** Who says this, in words that only screen readers get. */
function speaks(item) {
  const name = item.senderId && !isMine(item) ? called(item.senderId) : item.sender;
  return item.recipient ? `${name}, private: ` : `${name}: `;
}

const isOld = (item) => item.state === "sent" && !item.senderId;

/** From before people signed in, or while they did not have to: nobody can write to such a name. */
const unverified = () => [" ", h("span", { class: "unverified", title: UNVERIFIED }, "unverified")];
/** A name; of somebody else, who is signed in, one can press it to write privately. */
function speaker(item, own) {
  if (own || !hasIds.value || !item.senderId) return sender(item);
  const onClick = () => (room.recipient = item.senderId);
  return h(
    "button",
    {
      type: "button",
      class: "speaker",
      "aria-label": `Write privately to ${called(item.senderId)}`,
      onClick,
    },
    sender(item),
  );
}

/** Said in words, not by colour alone; the style sheet draws a lock before them. */
const badge = ({ recipient }) =>
  h("p", { class: "badge" }, [
    "Private · to ",
    recipient === room.id ? "you" : nameOf(recipient),
  ]);

/** What became of a message of mine, as long as that is worth a word. */
function deliveryNote(item) {
  if (item.state === "sending") return h("p", { class: "fate quiet" }, "Sending…");
  if (item.waits) return h("p", { class: "fate quiet", role: "status" }, absenceNote(item));
  if (!item.stored) return h("p", { class: "fate quiet" }, NOT_KEPT);
  if (item.state === "waiting") return waitingNote(item);
  if (item.state !== "failed") return null;
  const actions = [button("Try again", () => deliver(item)), button("Remove", () => discard(item))];
  return h("div", { class: "fate wrong", role: "alert" }, [
    h("p", ["Not sent. ", item.problem]),
    h("p", actions),
  ]);
}

/** Nothing took it; it goes out by itself. */
const waitingNote = (item) =>
  h("div", { class: "fate", role: "status" }, [
    h("p", ["Not sent yet. ", item.problem && `${item.problem} `, GOES_BY_ITSELF]),
    h("p", [button("Try again", flush), button("Remove", () => discard(item))]),
  ]);

/** The recipient of a private message was not connected when it was sent. */
function absenceNote({ recipient, stored }) {
  if (!stored)
    return [
      nameOf(recipient),
      " was not here, and the history could not keep this: please send it again later.",
    ];
  if (!isSeen(recipient))
    return "Nobody with this id was here. Who has it will find the message in the history.";
  return [nameOf(recipient), " was not here, and will find it in the history."];
}
