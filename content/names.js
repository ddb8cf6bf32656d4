// People on the screen: a round picture of initials, and a name. A domain that is also mine is left
// out.

import { said, speakers } from "./messages.js";
import { room } from "./room.js";
import { isHidden, rules } from "./rules.js";
import { colourOf, initials, labels, shortName, unknown } from "./text.js";

const { computed, h } = Vue;

/** Who can be written to: everybody but me who has spoken signed in, id to the newest name. */
export const people = computed(() => {
  rules.value; // asked for, because a presenter's decision hides people
  const others = [...speakers.value].filter(([senderId]) => senderId !== room.id);
  return new Map(others.filter(([senderId]) => !isHidden({ senderId })));
});

/**
 * Whether people are told apart by an id, and can be written to: where they sign in, and on a stage
 * whose function app knows guests by their ids.
 */
export const hasIds = computed(
  () => Boolean(room.signIn) || said.value.some((item) => item.senderId && item.state === "sent"),
);

/** Everybody's label by id; I am among them, so that who has my name is told apart from me. */
const known = computed(() => {
  const names = new Map([[room.id, shortName(room.name, room.name)]]);
  for (const [id, name] of people.value) names.set(id, shortName(name, room.name));
  return labels(names);
});

export const avatar = (name, key) =>
  h("span", { class: ["avatar", colourOf(key)], "aria-hidden": "true" }, initials(name));

/** What a person with this id is called. */
export const called = (id) => known.value.get(id) ?? unknown(id);

/** Whether anybody with this id has been seen here. */
export const isSeen = (id) => known.value.has(id);

export const nameOf = (id) => whole(called(id), people.value.get(id));

/** The name over a message: what somebody signed in is called, else what the message says. */
export function sender(item) {
  if (item.senderId && item.senderId !== room.id) return nameOf(item.senderId);
  return whole(shortName(item.sender, room.name), item.sender);
}

/** With its domain, in a quieter colour. */
export function whole(name, title = name) {
  const at = name.lastIndexOf("@");
  const parts = at < 1 ? name : [name.slice(0, at), h("span", { class: "domain" }, name.slice(at))];
  return h("bdi", { class: "name", title }, parts);
}
