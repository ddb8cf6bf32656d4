// People on the screen: a round picture of initials, and a name that is always shown whole, its domain in a quieter colour.

import { colourOf, initials } from "./text.js";

const { h } = Vue;

export const avatar = (name) => h("span", { class: ["avatar", colourOf(name)], "aria-hidden": "true" }, initials(name));

export function nameOf(name) {
  const at = name.lastIndexOf("@");
  if (at < 1) return h("bdi", { class: "name", title: name }, name);
  return h("bdi", { class: "name", title: name }, [name.slice(0, at), h("span", { class: "domain" }, name.slice(at))]);
}
