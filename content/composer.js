// Where people write: to everybody, or, with sign-in, to one person.

import { called, nameOf } from "./names.js";
import { people, room, send } from "./room.js";
import { count, fullName } from "./text.js";

const { computed, h, nextTick, onMounted, ref, watch } = Vue;
const MAX_TEXT = 2_000;
const MAX_NAME = 320;
const OTHER = "\n"; // no name holds a line break

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
          room.signIn ? h(Recipient) : null,
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

/** Everybody, one of the people seen so far, or somebody whose name one knows. */
const Recipient = {
  setup() {
    const asking = ref(false);
    const name = ref("");
    const field = ref(null);
    const names = computed(() => [...new Set([...people.value, room.recipient])].filter(Boolean));
    function choose(event) {
      asking.value = event.target.value === OTHER;
      if (asking.value) nextTick(() => field.value.focus());
      else room.recipient = event.target.value;
    }
    function onKeydown(event) {
      if (!["Enter", "Escape"].includes(event.key) || event.isComposing) return;
      event.preventDefault();
      take(event.key === "Enter" ? name.value : "");
    }
    function take(written) {
      asking.value = false;
      name.value = "";
      if (written.trim()) room.recipient = fullName(written, room.name);
      nextTick(() => document.getElementById("text")?.focus());
    }
    const picker = () =>
      h("select", { id: "recipient", value: room.recipient, onChange: choose }, [
        h("option", { value: "" }, "Everybody"),
        ...names.value.map((each) => h("option", { value: each, key: each }, called(each))),
        h("option", { value: OTHER }, "Somebody else…"),
      ]);
    const asked = () => [
      h("input", {
        ...{
          id: "recipient",
          ref: field,
          value: name.value,
          maxlength: MAX_NAME,
          autocomplete: "off",
          autocapitalize: "off",
        },
        ...{
          placeholder: "Sign-in name",
          onKeydown,
          onInput: (event) => (name.value = event.target.value),
        },
      }),
      h("button", { type: "button", class: "link", onClick: () => take(name.value) }, "Choose"),
    ];
    return () =>
      h("div", { class: "to" }, [
        h("label", { for: "recipient" }, "To"),
        asking.value ? asked() : picker(),
      ]);
  },
};
