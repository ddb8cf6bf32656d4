// People on the screen: a round picture of initials, and a name. A domain that is also mine is left
// out.

import { room } from "./room.js";
import { colourOf, initials, shortName } from "./text.js";

const { h } = Vue;

export const avatar = (name) =>
  h("span", { class: ["avatar", colourOf(name)], "aria-hidden": "true" }, initials(name));

export const called = (name) => shortName(name, room.name);

export const nameOf = (name) => whole(called(name), name);

/** With its domain, in a quieter colour. */
export function whole(name, title = name) {
  const at = name.lastIndexOf("@");
  const parts = at < 1 ? name : [name.slice(0, at), h("span", { class: "domain" }, name.slice(at))];
  return h("bdi", { class: "name", title }, parts);
}
