// What the presenter can do, each by a key and by a button.

import { at, button, made, nameOf } from "./words.js";

let powers = [];

/**
 * Make the buttons and listen to the keys.
 *
 * Each of the powers has {key, act, tells} and perhaps: label (then it has a button), also (another
 * key), shown (how the keys are written), repeats (while the key is held down), and functions:
 * pressed() whether it is on, possible() whether it would do something now, name() its label now.
 */
export function offer(wanted) {
  powers = wanted.map((power) => ({ ...power, button: power.label && labelled(power) }));
  at("bar").replaceChildren(...powers.flatMap((power) => power.button || []));
  at("bar").hidden = false;
  document.addEventListener("keydown", onKey);
  showState();
}

/** Take all of it away. */
export function withdraw() {
  document.removeEventListener("keydown", onKey);
  at("bar").replaceChildren();
  at("bar").hidden = true;
  powers = [];
}

/** Show which of them are on, and which would do something now. */
export function showState() {
  for (const { button: element, key, pressed, possible, name } of powers) {
    if (pressed) element.setAttribute("aria-pressed", String(Boolean(pressed())));
    if (possible) element.setAttribute("aria-disabled", String(!possible()));
    if (name && element.textContent !== name())
      element.replaceChildren(...underlined(name(), key));
  }
}

/** What there is, for the list of the keys. */
export const listed = () =>
  powers
    .filter((power) => power.tells)
    .map(({ key, shown, tells, act }) => ({
      keys: (shown ?? key.toUpperCase()).split(" "),
      tells,
      act,
    }));

function labelled(power) {
  const element = button("", power.act);
  element.append(...underlined(power.label, power.key));
  element.setAttribute("aria-keyshortcuts", power.key === " " ? "Space" : power.key.toUpperCase());
  element.title = power.tells;
  return element;
}

/** A label in which the letter of its key is underlined. */
function underlined(label, key) {
  const place = label.toLowerCase().indexOf(key);
  if (place < 0 || key === " ") return [label];
  return [label.slice(0, place), made("u", label[place]), label.slice(place + 1)];
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]"))
    return;
  // These keys press the button that has the focus.
  if ([" ", "Enter"].includes(event.key) && event.target.closest?.("button")) return;
  const key = nameOf(event);
  const power = powers.find((one) => one.key === key || one.also === key);
  if (!power) return;
  event.preventDefault();
  if (!event.repeat || power.repeats) power.act();
}
