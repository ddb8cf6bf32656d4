// Where people write: to everybody, or, with sign-in, to one person.

import { called, hasIds, nameOf, people } from "./names.js";
import { room } from "./room.js";
import { rules } from "./rules.js";
import { send } from "./talk.js";
import { count, plain } from "./text.js";

const { computed, h, nextTick, onBeforeUnmount, onMounted, ref, shallowRef, watch } = Vue;
const MAX_TEXT = 2_000;
const MANY = 20; // people: more than one finds at a glance
const AT_ONCE = 100;
const SOON_MS = 300;
const ALPHABET = new Intl.Collator();

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
        h("p", { class: "quiet small", "aria-live": "polite" }, whatHolds()),
      ]);
  },
};

/** What the presenter of a stage has decided about writing. */
function whatHolds() {
  if (rules.value.paused) return "The presenter has paused the chat.";
  const seconds = rules.value.slowSeconds;
  return seconds > 0 ? `Slow mode: one message every ${count(seconds, "second")}.` : "";
}

/** Everybody, or one of the people who have spoken here, each once; many can be looked through. */
const Recipient = {
  setup() {
    const ids = shallowRef([]);
    const most = ref(AT_ONCE); // of them stand in the page
    const wanted = ref("");
    let waiting = 0;
    function list() {
      waiting = 0;
      const all = [...new Set([...people.value.keys(), room.recipient].filter(Boolean))];
      const names = new Map(all.map((id) => [id, called(id)]));
      ids.value = all.sort((a, b) => ALPHABET.compare(names.get(a), names.get(b)));
      if (most.value >= all.length) return;
      most.value += AT_ONCE; // the others come by and by, between what else the page does
      waiting = setTimeout(list, SOON_MS);
    }
    // While a room fills somebody comes every moment, and the list is long.
    function listSoon() {
      if (people.value.size <= MANY) list();
      else waiting ||= setTimeout(list, SOON_MS);
    }
    watch([people, () => room.recipient], listSoon, { immediate: true });
    onBeforeUnmount(() => clearTimeout(waiting));

    const found = computed(() => {
      const look = plain(wanted.value.trim());
      return look ? ids.value.filter((id) => plain(called(id)).includes(look)) : ids.value;
    });
    const choose = (id) => {
      room.recipient = id ?? "";
      wanted.value = "";
    };
    function onKeydown(event) {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // it is no message
      if (wanted.value.trim() && found.value.length) choose(found.value[0]);
    }
    const search = () =>
      h("input", {
        type: "search",
        "aria-label": "Find a person",
        placeholder: "Find…",
        value: wanted.value,
        onInput: (event) => (wanted.value = event.target.value),
        onKeydown,
      });
    const option = (id) => h("option", { value: id, key: id }, called(id));
    const options = computed(() => found.value.slice(0, most.value).map(option));
    return () =>
      h("div", { class: ["to", { many: ids.value.length > MANY }] }, [
        ids.value.length > MANY ? search() : null,
        h("label", { for: "recipient" }, "To"),
        h(
          "select",
          {
            id: "recipient",
            value: room.recipient,
            onChange: (event) => choose(event.target.value),
          },
          [h("option", { value: "" }, "Everybody"), ...options.value],
        ),
      ]);
  },
};
