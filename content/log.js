// The list of messages: a window on a long talk, and where the reader is in it.

import { button, message } from "./message.js";
import { said, unseen } from "./messages.js";
import { room } from "./room.js";
import { Rows } from "./rows.js";
import { follow, loadEarlier, loadHistory } from "./talk.js";
import { count } from "./text.js";

const { h, onBeforeUnmount, onBeforeUpdate, onMounted, onUpdated, ref } = Vue;
const NEAR_BOTTOM_PX = 48;
const NEAR_TOP_PX = 200;
const AROUND_PX = 1_500;
const QUIET_MS = 150;

export const Log = {
  setup() {
    const box = ref(null);
    const list = ref(null);
    const turned = ref(0); // counts up when other messages have to stand in the page
    const earlierBusy = ref(false);
    const rows = new Rows();
    let height = innerHeight;
    let top = 0; // how far the reader has scrolled
    let heldAtBottom = false;
    let changedAt = 0;
    let calming = 0;

    /** While much arrives only what is in sight is drawn; what is around it follows. */
    function reach() {
      const isNew = rows.list !== said.value;
      const isBusy = isNew && performance.now() - changedAt < QUIET_MS;
      if (isNew) changedAt = performance.now();
      if (!isBusy) return AROUND_PX;
      clearTimeout(calming);
      calming = setTimeout(() => (turned.value += 1), QUIET_MS);
      return 0;
    }

    function drawn() {
      turned.value; // asked for, so that Vue draws again when it changes
      const around = reach();
      rows.list = said.value;
      const edge = room.atBottom ? rows.begin(rows.list.length) - height : rows.edge;
      // -1: nobody knows how many there are in all.
      const all = room.hasEarlier || room.isBehind ? -1 : rows.list.length;
      return rows.draw(edge, edge + height, around, (index) =>
        message(rows.list[index], rows.list[index - 1], {
          "aria-posinset": index + 1,
          "aria-setsize": all,
        }),
      );
    }

    /** Before the page changes, and when somebody scrolls: note where the reader is. */
    function note() {
      // Asked for: while a notice above goes, nobody has told yet how high the list is now.
      const { clientHeight, scrollHeight, scrollTop } = box.value;
      const below = scrollHeight - scrollTop - clientHeight;
      const isUp = scrollTop < top;
      const hasMoved = scrollTop !== top;
      top = scrollTop;
      if (!hasMoved || (isUp && below <= 1)) return; // it was the list that shrank
      if (isUp) room.atBottom = false;
      else if (below < NEAR_BOTTOM_PX) follow();
      rows.note(top - list.value.offsetTop, top <= 0);
    }

    /** After the page has changed: what somebody reads stays where it is. */
    function arrange() {
      space(); // before anything is measured: the browser lays out once
      const edge = box.value.scrollTop - list.value.offsetTop;
      rows.measure();
      if (room.atBottom) box.value.scrollTop = box.value.scrollHeight;
      else if (rows.mark) hold(edge - rows.edge);
      top = box.value.scrollTop;
      rows.note(top - list.value.offsetTop, top <= 0);
      look();
    }

    /** Heights have turned out to be others, so that what is read would move. */
    function hold(moves) {
      rows.start += moves;
      // Above the first message is no space to take from or to give to: there the reader moves.
      const hasSpace = rows.first > 0 && rows.begin(rows.first) >= 0;
      const rest = hasSpace ? 0 : rows.start;
      rows.start -= rest;
      space();
      if (rest) box.value.scrollTop -= rest;
    }

    /** In the place of the messages that do not stand in the page. */
    function space() {
      if (room.atBottom) rows.start = 0;
      list.value.style.paddingTop = `${rows.begin(rows.first)}px`;
      list.value.style.paddingBottom = `${rows.begin(rows.list.length) - rows.begin(rows.last)}px`;
    }

    /** Other messages may have to come into the page. */
    function look() {
      const edge = top - list.value.offsetTop;
      if (!rows.covers(edge, edge + height)) requestAnimationFrame(() => (turned.value += 1));
    }

    function onScroll() {
      note();
      look();
    }

    /** Whoever wants to go on above the first message gets what was said before it. */
    function onUp() {
      if (top < NEAR_TOP_PX && !room.historyProblem) earlier();
    }
    const onWheelPassive = ({ deltaY }) => deltaY < 0 && onUp();
    function onKeydown(event) {
      if (["ArrowUp", "PageUp", "Home"].includes(event.key)) onUp();
      // At once: on the way other messages come into the page, which would end the browser's own way.
      if (event.key === "Home") box.value.scrollTop = 0;
      else if (event.key === "End") toNewest();
      else return;
      event.preventDefault();
    }

    async function earlier() {
      if (!room.hasEarlier || earlierBusy.value) return;
      earlierBusy.value = true;
      room.atBottom = false;
      await loadEarlier();
      earlierBusy.value = false;
    }

    function toNewest() {
      follow();
      turned.value += 1;
      box.value.focus({ preventScroll: true }); // the button goes
    }

    // Who has come to a message by keyboard stays there, whatever arrives.
    function onFocusin({ target }) {
      if (!target.matches(":focus-visible") || !room.atBottom) return;
      heldAtBottom = true;
      room.atBottom = false;
    }
    function onFocusout({ relatedTarget }) {
      if (!heldAtBottom || list.value?.contains(relatedTarget)) return;
      heldAtBottom = false;
      follow();
    }

    const sizes = new ResizeObserver(() => {
      // A keyboard that opens on a phone, or a phone that is turned.
      const { clientWidth, clientHeight } = box.value;
      if (clientWidth !== rows.width) rows.resize(clientWidth);
      height = clientHeight;
      turned.value += 1;
    });
    onMounted(() => sizes.observe(box.value));
    onMounted(arrange);
    onBeforeUpdate(note);
    onUpdated(arrange);
    onBeforeUnmount(() => sizes.disconnect());

    const earlierButton = () =>
      h("p", { class: "centre" }, [
        earlierBusy.value ? "Loading…" : button("Show earlier messages", earlier),
      ]);
    const log = { class: "log", ref: box, tabindex: 0, role: "log", "aria-label": "Messages" };
    const moves = { onScroll, onKeydown, onWheelPassive, onTouchmovePassive: onUp };
    return () =>
      h("div", { class: "log-frame" }, [
        h("div", { ...log, "aria-live": liveness(), ...moves }, [
          room.hasEarlier ? earlierButton() : null,
          notice(),
          h("ol", { ref: list, onFocusin, onFocusout }, drawn()),
        ]),
        ...(room.atBottom ? [] : news(toNewest)),
      ]);
  },
};

/** Screen readers are told of messages that arrive, not of those that somebody scrolls to. */
const liveness = () => (room.history === "loading" || !room.atBottom ? "off" : "polite");

/** For who reads back: that there is something new, told once, and how much, to look at. */
const news = (toNewest) => [
  h("p", { class: "hidden", "aria-live": "polite" }, unseen.value ? "There are new messages." : ""),
  unseen.value
    ? h(
        "button",
        { type: "button", class: "unseen", onClick: toNewest },
        `${count(unseen.value, "new message")} ↓`,
      )
    : null,
];

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
