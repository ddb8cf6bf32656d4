// Who has reported what: each event once, whatever way and how often it came.

const people = new Map();
const heardAt = new Map();

/** Take a person's events; the order in which they happened counts. */
export function learn(person, events) {
  const known = people.get(person) ?? new Map();
  for (const event of events) known.set(event.id, event);
  people.set(person, known);
  heardAt.set(person, performance.now());
}

/** Take all that there was at a time: who is not in it, and was not heard since, has left. */
export function learnAll(found, askedAt) {
  for (const person of people.keys()) {
    if (!(person in found) && heardAt.get(person) < askedAt) forget(person);
  }
  for (const [person, events] of Object.entries(found)) learn(person, events);
}

/** Forget somebody who has left. */
export function forget(person) {
  people.delete(person);
  heardAt.delete(person);
}

/** Each person with the events, the oldest first. */
export function everybody() {
  return [...people].map(([person, known]) => [person, inOrder([...known.values()])]);
}

const inOrder = (events) => events.sort((one, other) => one.at - other.at);
