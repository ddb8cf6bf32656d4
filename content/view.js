// What the screen shows. Render functions instead of templates: the page's policy forbids making code from strings, and h() puts
// every name and text in as text, never as HTML.

import { Log, avatar } from "./log.js";
import { join, leave, reconnect, room, send, start } from "./room.js";
import { count } from "./text.js";

const { h, nextTick, onMounted, ref } = Vue;
const MAX_NAME = 50;
const MAX_TEXT = 2_000;
const PHASES = { connecting: "Connecting…", connected: "Connected", waiting: "Not connected" };

export const App = () => {
  if (room.problem) return card(h(Problem));
  if (!room.apiBaseUrl) return card(h("p", { class: "quiet", role: "status" }, "Opening the chat room…"));
  return room.joined ? h(Room) : card(h(JoinForm));
};

const card = (content) => h("main", { class: "card" }, [mark(), h("h1", "Chat room"), content]);
const mark = () => h("img", { class: "mark", src: "favicon.svg", alt: "", width: 48, height: 48 });
const button = (label, onClick, className = "link") => h("button", { type: "button", class: className, onClick }, label);

const Problem = () => h("div", { role: "alert" }, [h("p", room.problem), button("Try again", start, "main")]);

const JoinForm = {
  setup() {
    const name = ref(room.name);
    const problem = ref("");
    const field = ref(null);
    onMounted(() => field.value.focus());
    function submit(event) {
      event.preventDefault();
      if (name.value.trim()) return join(name.value.trim());
      problem.value = "Please write a name first.";
      field.value.focus();
    }
    return () =>
      h("form", { class: "join", novalidate: true, onSubmit: submit }, [
        h(
          "p",
          { class: "quiet", id: "name-hint" },
          "Everybody in the room sees your name. Nobody checks it: this chat has no sign-in.",
        ),
        h("label", { for: "name" }, "Your name"),
        h("input", {
          ...{ id: "name", ref: field, value: name.value, maxlength: MAX_NAME, autocomplete: "nickname", dir: "auto" },
          ...{ "aria-describedby": "name-hint name-problem", "aria-invalid": problem.value ? "true" : undefined },
          onInput: (event) => (name.value = event.target.value),
        }),
        h("p", { class: "wrong", id: "name-problem", role: "alert" }, problem.value),
        h("button", { class: "main" }, "Join the chat"),
      ]);
  },
};

const Room = () =>
  h("div", { class: "room" }, [
    h("header", [
      mark(),
      h("div", [h("h1", "Chat room"), h(Link)]),
      h("div", { class: "me" }, [
        h("div", [h("bdi", { class: "name" }, room.name), button("Change name", leave)]),
        avatar(room.name),
      ]),
    ]),
    h("main", [h(Banner), h(Log), h(Composer)]),
  ]);

/** The connection in a word, for the eye and, without the seconds, for screen readers. */
const Link = () =>
  h("p", { class: ["state", room.link.phase], role: "status" }, [
    h("span", { class: "dot", "aria-hidden": "true" }),
    PHASES[room.link.phase],
  ]);

const Banner = () =>
  room.link.phase === "waiting"
    ? h("div", { class: "banner" }, [
        h("p", [room.link.why, " ", h("span", { "aria-hidden": "true" }, `Trying again in ${room.link.seconds} s.`)]),
        button("Try now", reconnect),
      ])
    : null;

const Composer = {
  setup() {
    const text = ref("");
    const field = ref(null);
    onMounted(() => field.value.focus());
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
      h("form", { class: "composer", onSubmit: submit }, [
        h("label", { for: "text" }, "Message to everybody"),
        h("div", { class: "row" }, [
          h("textarea", {
            ...{ id: "text", ref: field, value: text.value, rows: 1, maxlength: MAX_TEXT, dir: "auto", enterkeyhint: "send" },
            ...{ onKeydown, onInput, "aria-describedby": "text-left" },
          }),
          h("button", { class: "main" }, "Send"),
        ]),
        h("p", { class: "quiet small", id: "text-left" }, left() < MAX_TEXT / 5 ? `${count(left(), "character")} left` : ""),
      ]);
  },
};
