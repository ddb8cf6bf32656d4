// Before the room: sign in, or, without authentication, just give a name.

import { ApiError } from "./config.js";
import { room } from "./room.js";
import { joinAs, signIn } from "./visit.js";

const { h, onMounted, ref } = Vue;
const MAX_NAME = 50;

export const SignIn = {
  setup() {
    const button = ref(null);
    const leaving = ref(false);
    onMounted(() => button.value.focus());
    // The browser's back button shows this page again as it was left.
    onMounted(() => addEventListener("pageshow", () => (leaving.value = false)));
    function go() {
      leaving.value = true;
      signIn();
    }
    return () =>
      h("div", { class: "join" }, [
        room.signInNotice ? h("p", { class: "notice", role: "alert" }, room.signInNotice) : null,
        h(
          "p",
          { class: "quiet", id: "sign-in-hint" },
          "Everybody in the room sees the name you sign in with.",
        ),
        h(
          "button",
          {
            type: "button",
            class: "main",
            ref: button,
            "aria-describedby": "sign-in-hint",
            onClick: go,
          },
          leaving.value ? "Going to the sign-in…" : "Sign in",
        ),
      ]);
  },
};

export const JoinForm = {
  setup() {
    const name = ref(room.name);
    const problem = ref("");
    const field = ref(null);
    onMounted(() => field.value.focus());
    async function submit(event) {
      event.preventDefault();
      problem.value = "";
      if (!name.value.trim()) return refuse("Please write a name first.");
      try {
        await joinAs(name.value.trim());
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        refuse(error.message);
      }
    }
    function refuse(sentence) {
      problem.value = sentence;
      field.value.focus();
    }
    return () =>
      h("form", { class: "join", novalidate: true, onSubmit: submit }, [
        h(
          "p",
          { class: "quiet", id: "name-hint" },
          room.guest
            ? "Everybody in the room sees your name. You need no account."
            : "Everybody in the room sees your name. Nobody checks it: this chat has no sign-in.",
        ),
        h("label", { for: "name" }, "Your name"),
        h("input", {
          ...{
            id: "name",
            ref: field,
            value: name.value,
            maxlength: MAX_NAME,
            autocomplete: "nickname",
            dir: "auto",
          },
          ...{
            "aria-describedby": "name-hint name-problem",
            "aria-invalid": problem.value ? "true" : undefined,
          },
          onInput: (event) => (name.value = event.target.value),
        }),
        h("p", { class: "wrong", id: "name-problem", role: "alert" }, problem.value),
        h("button", { class: "main" }, "Join the chat"),
      ]);
  },
};
