// What the screen shows. Render functions instead of templates: the page's policy forbids making
// code from strings, and h() puts every name and text in as text, never as HTML.

import { Composer } from "./composer.js";
import { JoinForm, SignIn } from "./join.js";
import { Log } from "./log.js";
import { avatar, whole } from "./names.js";
import { room } from "./room.js";
import { leave, reconnect, signOut, start } from "./visit.js";

const { h } = Vue;
const PHASES = {
  connecting: "Connecting…",
  connected: "Connected",
  waiting: "Not connected",
  lobby: "In line",
};

export const App = () => {
  if (room.problem) return card(h(Problem));
  if (!room.apiBaseUrl)
    return card(h("p", { class: "quiet", role: "status" }, "Opening the chat room…"));
  if (room.entering) return card(h("p", { class: "quiet", role: "status" }, "Signing you in…"));
  return room.joined ? h(Room) : card(h(room.signIn ? SignIn : JoinForm));
};

const card = (content) => h("main", { class: "card" }, [mark(), h("h1", "Chat room"), content]);
const mark = () => h("img", { class: "mark", src: "favicon.svg", alt: "", width: 48, height: 48 });
const button = (label, onClick, className = "link") =>
  h("button", { type: "button", class: className, onClick }, label);

const Problem = () =>
  h("div", { role: "alert" }, [h("p", room.problem), button("Try again", start, "main")]);

const Room = () =>
  h("div", { class: "room" }, [
    h("header", [
      mark(),
      h("div", [h("h1", "Chat room"), h(Link)]),
      h("div", { class: "me" }, [
        h("div", [
          whole(room.name),
          room.signIn ? button("Sign out", signOut) : button("Change name", leave),
        ]),
        avatar(room.name, room.id || room.name),
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

const Banner = () => {
  const { phase, seconds, why } = room.link;
  if (phase === "lobby") return h("div", { class: "banner" }, [h("p", why)]);
  if (phase !== "waiting") return null;
  return h("div", { class: "banner" }, [
    h("p", [why, " ", h("span", { "aria-hidden": "true" }, `Trying again in ${seconds} s.`)]),
    button("Try now", reconnect),
  ]);
};
