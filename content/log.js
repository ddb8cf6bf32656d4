// The list of messages: days, bubbles, what is still on its way, and where the reader is.

import { deliver, discard, isMine, loadEarlier, loadHistory, room, said } from "./room.js";
import { avatar, called, hasIds, isSeen, nameOf, sender } from "./names.js";
import { count, dayOf, momentOf, timeOf } from "./text.js";

const { h, nextTick, onBeforeUnmount, onMounted, onUpdated, ref } = Vue;
const NEAR_BOTTOM_PX = 48;
const TOGETHER_MS = 5 * 60_000;
const UNVERIFIED = "Nobody was signed in when this was said: nobody has verified the name.";

const button = (label, onClick) => h("button", { type: "button", class: "link", onClick }, label);

export const Log = {
  setup() {
    const box = ref(null);
    const earlierBusy = ref(false);
    // Where the reader was: scrolling up leaves the bottom, a window that shrinks does not.
    let top = 0;

    function toBottom() {
      box.value.scrollTop = box.value.scrollHeight;
      room.atBottom = true;
      if (!document.hidden) room.unseen = 0;
    }
    const stay = () => room.atBottom && toBottom();
    function onScroll() {
      const { scrollHeight, scrollTop, clientHeight } = box.value;
      if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX) room.atBottom = true;
      else if (scrollTop < top) room.atBottom = false;
      top = scrollTop;
      if (room.atBottom && !document.hidden) room.unseen = 0;
    }
    /** Put older messages above, and leave what is being read where it is. */
    async function earlier() {
      earlierBusy.value = true;
      room.atBottom = false;
      const fromBottom = box.value.scrollHeight - box.value.scrollTop;
      await loadEarlier();
      earlierBusy.value = false;
      await nextTick();
      box.value.scrollTop = box.value.scrollHeight - fromBottom;
    }

    const sizes = new ResizeObserver(stay); // a keyboard that opens on a phone
    onMounted(() => sizes.observe(box.value));
    onMounted(stay);
    onUpdated(stay);
    onBeforeUnmount(() => sizes.disconnect());

    return () =>
      h("div", { class: "log-frame" }, [
        h(
          "div",
          {
            class: "log",
            ref: box,
            tabindex: 0,
            role: "log",
            "aria-label": "Messages",
            "aria-live": liveness(),
            onScroll,
          },
          [
            room.hasEarlier &&
              h(
                "p",
                { class: "centre" },
                earlierBusy.value ? "Loading…" : button("Show earlier messages", earlier),
              ),
            notice(),
            h(
              "ol",
              said.value.flatMap((item, index) => line(item, said.value[index - 1])),
            ),
          ],
        ),
        room.unseen > 0 && !room.atBottom
          ? h(
              "button",
              { type: "button", class: "unseen", onClick: toBottom },
              `${count(room.unseen, "new message")} ↓`,
            )
          : null,
      ]);
  },
};

/** Screen readers are told of messages that arrive, not of the history. */
const liveness = () => (room.history === "loading" ? "off" : "polite");

/** What stands in the place of messages, or above them. */
function notice() {
  if (room.history === "loading")
    return h("div", { class: "skeleton" }, [
      h("p", { class: "hidden" }, "Loading messages…"),
      ...Array.from({ length: 4 }, () => h("span")),
    ]);
  if (room.historyProblem)
    return h("div", { class: "notice", role: "alert" }, [
      h("p", room.historyProblem),
      button("Load the history again", loadHistory),
    ]);
  if (said.value.length) return null;
  return h("div", { class: "empty" }, [
    h("p", { class: "wave", "aria-hidden": "true" }, "👋"),
    h("p", "No messages yet."),
    h("p", { class: "quiet" }, "Say hello to everybody!"),
  ]);
}

/** One message, and the day's heading when it is the day's first. */
function line(item, before) {
  const newDay = !before || dayOf(before.sentAt) !== dayOf(item.sentAt);
  const follows = !newDay && sameSpeaker(item, before);
  const own = isMine(item);
  return [
    newDay
      ? h("li", { class: "day", key: `day-${item.key}` }, h("span", dayOf(item.sentAt)))
      : null,
    h(
      "li",
      { class: ["message", item.state, { own, follows, private: item.recipient }], key: item.key },
      [
        avatar(item.sender, item.senderId || item.sender),
        h("div", { class: "said" }, [
          h("p", { class: ["who", { hidden: follows }] }, [
            speaker(item, own),
            own ? h("span", { class: "quiet" }, " (you)") : "",
            hasIds.value && isOld(item) ? unverified() : "",
            " ",
            h("time", { datetime: item.sentAt, title: momentOf(item.sentAt) }, timeOf(item.sentAt)),
          ]),
          item.recipient ? badge(item) : null,
          h("p", { class: "text", dir: "auto" }, item.text),
          deliveryNote(item),
        ]),
      ],
    ),
  ];
}

function sameSpeaker(item, before) {
  const soon = Date.parse(item.sentAt) - Date.parse(before.sentAt) < TOGETHER_MS;
  return soon && ["sender", "senderId", "recipient"].every((key) => before[key] === item[key]);
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
  if (!item.stored) return h("p", { class: "fate quiet" }, "Sent, but not kept in the history.");
  if (item.state !== "failed") return null;
  const actions = [button("Try again", () => deliver(item)), button("Remove", () => discard(item))];
  return h("div", { class: "fate wrong", role: "alert" }, [
    h("p", ["Not sent. ", item.problem]),
    h("p", actions),
  ]);
}

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
