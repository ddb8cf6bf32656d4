// Words and figures that the room reads, and small pieces of the page.

const LETTERS = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const COLOURS = 8;

export const at = (id) => document.getElementById(id);

/** An element with a text, never with markup: names and messages come from strangers. */
export function made(name, text = "", className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

/** The name of a key: of a letter the Latin one in its place, whatever alphabet people write. */
export function nameOf({ key, code }) {
  if (key.length > 1) return key;
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  return letter && !/^[\x20-\x7e]$/.test(key) ? letter.toLowerCase() : key.toLowerCase();
}

export function button(label, onClick, className = "") {
  const element = made("button", label, className);
  element.type = "button";
  element.addEventListener("click", onClick);
  return element;
}

/** Show a text in an element, which is there only when it has one. */
export function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** The first letter of a name, as a reader sees letters. */
export function initial(name) {
  const seen = name.normalize("NFC").replace(/^[\p{C}\p{M}\p{P}\s]+/u, "");
  const first = [...LETTERS.segment(seen.slice(0, 40))][0]?.segment ?? "?";
  return first.toUpperCase().length === first.length ? first.toUpperCase() : first;
}

/** The class of somebody's colour, the same as on the phones. */
export function colourOf(key) {
  let hash = 0;
  for (const character of key) hash = (hash * 31 + character.codePointAt(0)) % 65521;
  return `colour-${hash % COLOURS}`;
}
