// Where people write: to everybody, or, with sign-in, to one person.

import { called, hasIds, nameOf, people } from "./names.js";
import { room, send } from "./room.js";
import { count } from "./text.js";

const { computed, h, nextTick, onMounted, ref, watch } = Vue;
const MAX_TEXT = 2_000;

export const Composer = {
  setup() {
    const text = ref(room.draft);
    const field = ref(null);
    onMounted(() => (field.value.focus(), fit()));
    watch(
      () => room.recipient,
      () => nextTick(() => field.value.focus()),
    );
    function submit(event) {
      event.preventDefault();
      field.value.focus();
      const words = text.value.trim();
      if (!words) return;
      text.value = "";
      send(words);
      nextTick(fit);
    }
    function onKeydown(event) {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
      if (event.key === "Escape" && !event.isComposing) room.recipient = "";
    }
    function onInput(event) {
      text.value = event.target.value;
      fit();
    }
    function fit() {
      field.value.style.height = "auto";
      field.value.style.height = `${field.value.scrollHeight + 2}px`;
    }
    const left = () => MAX_TEXT - text.value.length;
    return () =>
      h("form", { class: ["composer", { private: room.recipient }], onSubmit: submit }, [
        h("div", { class: "head" }, [
          h(
            "label",
            { for: "text" },
            room.recipient
              ? ["Private message to ", nameOf(room.recipient)]
              : "Message to everybody",
          ),
          hasIds.value ? h(Recipient) : null,
        ]),
        h("div", { class: "row" }, [
          h("textarea", {
            ...{
              id: "text",
              ref: field,
              value: text.value,
              rows: 1,
              maxlength: MAX_TEXT,
              dir: "auto",
              enterkeyhint: "send",
            },
            ...{ onKeydown, onInput, "aria-describedby": "text-left" },
          }),
          h("button", { class: "main" }, "Send"),
        ]),
        h(
          "p",
          { class: "quiet small", id: "text-left" },
          left() < MAX_TEXT / 5 ? `${count(left(), "character")} left` : "",
        ),
      ]);
  },
};

/** Everybody, or one of the people who have spoken here, each once. */
const Recipient = {
  setup() {
    const ids = computed(() => {
      const known = [...people.value.keys()];
      const all = new Set([...known, room.recipient].filter(Boolean));
      return [...all].sort((a, b) => called(a).localeCompare(called(b)));
    });
    const onChange = (event) => (room.recipient = event.target.value);
    return () =>
      h("div", { class: "to" }, [
        h("label", { for: "recipient" }, "To"),
        h("select", { id: "recipient", value: room.recipient, onChange }, [
          h("option", { value: "" }, "Everybody"),
          ...ids.value.map((id) => h("option", { value: id, key: id }, called(id))),
        ]),
      ]);
  },
};
