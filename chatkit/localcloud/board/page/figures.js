// What events mean: squares, who is stuck, the pace, and errors that several people have.

const STUCK_AFTER_TRIES = 2;
const STUCK_AFTER_MINUTES = 5;
const QUIET_AT_LEAST = 10; // minutes
const SAME_ERROR = 2; // people
const isResult = (event) => event.kind !== "hand";
const minutesOf = (seconds) => Math.max(0, Math.round(seconds / 60));

/** One person's row: a square for each section, and how it goes now. */
export function rowOf(person, events, sections, now) {
  const results = events.filter(isResult);
  const checks = results.filter((event) => event.kind === "check");
  const hand = events.filter((event) => event.kind === "hand").at(-1);
  const squares = sections.map(({ number }) => squareOf(number, results));
  return {
    person,
    squares,
    passed: squares.filter((square) => square?.passed).length,
    trouble: troubleOf(results, now),
    pace: paceOf(checks, sections),
    quiet: quietOf(events, checks, sections, now),
    hand: hand?.text ? hand : null,
  };
}

function squareOf(section, results) {
  const here = results.filter((event) => event.section === section);
  if (!here.length) return null;
  const checks = here.filter((event) => event.kind === "check");
  const first = checks.find((event) => event.passed);
  return {
    last: here.at(-1).id,
    passed: Boolean(first),
    minutes: first ? minutesOf(first.seconds) : 0,
    tries: triesOf(here, "check") + triesOf(here, "exercise"),
    solved: here.some((event) => event.kind === "exercise" && event.passed),
  };
}

/** Failures of a kind; of many the app keeps the newest, which says how many there were. */
function triesOf(results, kind) {
  const failed = results.filter((event) => event.kind === kind && !event.passed);
  return Math.max(failed.length, ...failed.map((event) => event.tries ?? 0));
}

/**
 * What a person fights with now: the failures since something passed that had not before. Who begins
 * anew runs through old checks, and is as stuck as before: those take back their own failures alone.
 */
function troubleOf(results, now) {
  const passed = new Set();
  let failed = [];
  for (const event of results) {
    const what = `${event.kind} ${event.section}`;
    if (!event.passed) failed.push(event);
    else if (passed.has(what)) failed = failed.filter((one) => `${one.kind} ${one.section}` !== what);
    else failed = [];
    if (event.passed) passed.add(what);
  }
  if (!failed.length) return null;
  const last = failed.at(-1);
  const minutes = minutesOf(now - failed[0].at);
  return {
    section: last.section,
    error: last.error,
    cause: last.cause,
    tries: failed.length,
    minutes,
    isStuck: failed.length >= STUCK_AFTER_TRIES || minutes >= STUCK_AFTER_MINUTES,
  };
}

/** Minutes that a person took for what is passed, and those that the notebooks state for it. */
function paceOf(checks, sections) {
  const stated = new Map(sections.map(({ number, minutes }) => [number, minutes]));
  let took = 0;
  let meant = 0;
  const seen = new Set();
  for (const event of checks) {
    if (!event.passed || seen.has(event.section)) continue;
    seen.add(event.section);
    const minutes = stated.get(event.section);
    if (!minutes) continue; // a notebook that states none says nothing about the pace
    took += event.seconds / 60;
    meant += minutes;
  }
  return { took: Math.round(took), meant };
}

/** Minutes without a sign, when that is twice what the next notebook states; else 0. */
function quietOf(events, checks, sections, now) {
  const done = new Set(checks.filter((event) => event.passed).map((event) => event.section));
  const next = sections.find(({ number }) => !done.has(number));
  const minutes = minutesOf(now - (events.at(-1)?.at ?? now));
  return next && minutes >= Math.max(QUIET_AT_LEAST, 2 * next.minutes) ? minutes : 0;
}

/** Errors that several people have now, the most frequent first. */
export function sameErrors(rows) {
  const met = new Map();
  for (const { trouble } of rows) {
    if (!trouble) continue;
    const key = `${trouble.section} ${trouble.cause || trouble.error}`;
    const known = met.get(key) ?? { ...trouble, people: 0 };
    met.set(key, { ...known, people: known.people + 1 });
  }
  const several = [...met.values()].filter(({ people }) => people >= SAME_ERROR);
  return several.sort((one, other) => other.people - one.people);
}

/** The minutes that the middle one of those took who passed a section; null for nobody. */
export function medianOf(rows, index) {
  const took = rows.map(({ squares }) => squares[index]).filter((square) => square?.passed);
  const sorted = took.map(({ minutes }) => minutes).sort((one, other) => one - other);
  return sorted.length ? sorted[Math.floor((sorted.length - 1) / 2)] : null;
}
