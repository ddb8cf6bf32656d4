// Words and figures that people read: initials, times, days.

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const COLOURS = 8;

/** Up to two letters for a name: "Ada Lovelace" is AL, "alice" and "alice@x.example" are A. */
export function initials(name) {
  const words = name
    .replace(/(.)@.*/su, "$1")
    .trim()
    .split(/[\s._@-]+/u)
    .filter(Boolean);
  return (
    words
      .slice(0, 2)
      .map((word) => [...word][0].toUpperCase())
      .join("") || "?"
  );
}

/** The class of a name's colour, always the same for the same name. */
export function colourOf(name) {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 65521;
  return `colour-${hash % COLOURS}`;
}

/** A sign-in name as colleagues say it: "bob@x.example" is "bob" among people of x.example. */
export function shortName(name, mine) {
  const at = name.lastIndexOf("@");
  return at > 0 && name.slice(at) === mine.slice(mine.lastIndexOf("@")) ? name.slice(0, at) : name;
}

/** A sign-in name written in full: "bob" is "bob@x.example" among people of x.example. */
export function fullName(written, mine) {
  const name = written.trim();
  return name.includes("@") || !mine.includes("@")
    ? name
    : name + mine.slice(mine.lastIndexOf("@"));
}

export const timeOf = (iso) => format(TIME, iso);
export const momentOf = (iso) => format(FULL, iso);

/** The heading above a day's messages. */
export function dayOf(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === today.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return DAY.format(date);
}

export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

function format(formatter, iso) {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? "" : formatter.format(date);
}
