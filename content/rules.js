// What the presenter of a stage has decided: what is hidden, and who may write how often. It comes as
// one whole document, over the hub and from the stage. Without a stage nothing is hidden.

const NONE = { version: 0, paused: false, slowSeconds: 0 };

/** {paused, slowSeconds} for the screen. */
export const rules = Vue.shallowRef(NONE);

let version = 0;

/** The version of what is followed now. */
export const known = () => version;

let hidden = hiddenIn({});

/** Whether nobody shall see a message. */
export function isHidden({ id, sender, senderId, sentAt }) {
  if (hidden.ids.has(id)) return true;
  if (hidden.before > -Infinity && Date.parse(sentAt) < hidden.before) return true;
  return senderId ? hidden.guests.has(senderId) : hidden.names.has(sender);
}

/**
 * Follow a document; one from the hub only when it is newer than what is known, and so an answer
 * (knew: what was known when it was asked for) that another one has overtaken. Says whether it
 * hides less than the one before: then there may be messages to read again.
 */
export function follow(document, { isFromHub, knew }) {
  if (typeof document?.version !== "number") return false;
  if ((isFromHub || knew !== version) && document.version <= version) return false;
  version = document.version;
  const before = hidden;
  hidden = hiddenIn(document.hidden ?? {});
  const slowSeconds = Number.isFinite(document.slowSeconds) ? document.slowSeconds : 0;
  rules.value = { paused: document.paused === true, slowSeconds };
  const showsMore = (key) => [...before[key]].some((each) => !hidden[key].has(each));
  return hidden.before < before.before || ["ids", "guests", "names"].some(showsMore);
}

function hiddenIn({ ids, guests, names, before }) {
  const set = (values) => new Set(Array.isArray(values) ? values : []);
  return {
    ids: set(ids),
    guests: set(guests),
    names: set(names),
    before: Date.parse(before) || -Infinity,
  };
}
