// Words and figures that people read: initials, times, days.

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
// What a reader takes for one letter: with its accents, or an emoji of several characters.
const LETTERS = new Intl.Segmenter(undefined, { granularity: "grapheme" });
// What a check of the workshop writes ends in a mark: when it was made, and what nobody can guess.
const CHECK = /^A check is running: [^()\n]{1,200} \(([0-9a-f]{8})[0-9a-f]{24}\)\.$/;
const CHECK_SENT_WITHIN_S = 120;
const COLOURS = 8;
const SHORT = 4;
const MOST_MADE = 2_000;

/** The same function, which remembers what it made of a text: these are slow, and asked often. */
function remembering(make) {
  const made = new Map();
  return (text) => {
    if (made.size > MOST_MADE) made.clear();
    if (!made.has(text)) made.set(text, make(text));
    return made.get(text);
  };
}

/** Up to two letters for a name: "Ada Lovelace" is AL, "alice" and "alice@x.example" are A. */
export const initials = remembering((name) => {
  const words = name
    .normalize("NFC")
    .replace(/(.)@.*/su, "$1")
    .split(/[\s._@-]+/u)
    .filter((word) => /[^\p{C}\p{M}]/u.test(word));
  const letters = words.slice(0, 2).map(firstLetter);
  return letters.some((letter) => /\p{Extended_Pictographic}/u.test(letter))
    ? letters[0]
    : letters.join("") || "?";
});

function firstLetter(word) {
  const [{ segment }] = LETTERS.segment(word.replace(/^[\p{C}\p{M}]+/u, ""));
  const upper = segment.toUpperCase(); // of "ß" two letters
  return [...LETTERS.segment(upper)].length === 1 ? upper : segment;
}

/** The class of somebody's colour, always the same for the same person. */
export function colourOf(key) {
  let hash = 0;
  for (const character of key) hash = (hash * 31 + character.codePointAt(0)) % 65521;
  return `colour-${hash % COLOURS}`;
}

/** A sign-in name as colleagues say it: "bob@x.example" is "bob" among people of x.example. */
export function shortName(name, mine) {
  const at = name.lastIndexOf("@");
  return at > 0 && name.slice(at) === mine.slice(mine.lastIndexOf("@")) ? name.slice(0, at) : name;
}

/**
 * What to call people, from a Map of id to name: the name, and behind it the beginning of the id
 * where two names look the same, so that nobody is taken for somebody else.
 */
export function labels(names) {
  const alike = new Map();
  for (const [id, name] of names) {
    const look = looks(name);
    if (!alike.has(look)) alike.set(look, []);
    alike.get(look).push(id);
  }
  const called = new Map();
  for (const ids of alike.values()) {
    const length = ids.length > 1 ? enough(ids) : 0;
    for (const id of ids)
      called.set(id, length ? `${names.get(id)} (${id.slice(0, length)})` : names.get(id));
  }
  return called;
}

/** How a name looks to who reads it fast; what stands in brackets behind it does not count. */
const looks = remembering((name) => {
  const seen = name.normalize("NFKC").replace(/\p{Cf}/gu, "");
  let text = seen.replace(/\s+/gu, " ").trim().toLowerCase();
  while (text.endsWith(")") && text.includes("("))
    text = text.slice(0, text.lastIndexOf("(")).trimEnd();
  return text;
});

/** How many characters tell some ids apart. */
function enough(ids) {
  let length = SHORT;
  while (new Set(ids.map((id) => id.slice(0, length))).size < ids.length) length += 1;
  return length;
}

/** What to call somebody of whom only the id is known, which anybody may have made up. */
export const unknown = (id) => `somebody not seen here (${id.slice(0, SHORT)})`;

/** A text as one looks for it. */
export const plain = (text) => text.normalize("NFKC").toLowerCase();

export const timeOf = remembering((iso) => format(TIME, iso));
export const momentOf = remembering((iso) => format(FULL, iso));

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

/** Whether a check has written it, for nobody to see: it was sent when its mark was made. */
export function isOfCheck({ text, sentAt }) {
  const mark = CHECK.exec(text);
  return mark && Math.abs(Date.parse(sentAt) / 1000 - parseInt(mark[1], 16)) <= CHECK_SENT_WITHIN_S;
}
