// What the screen asks the local cloud, with the presenter's token where there is one.

const KEPT = "chatkit-stage-token";
const HEADER = "x-chatkit-token";
const LIMIT_MS = 40_000; // longer than an answer waits for news

/** The token is wrong, or of a stage that was before. */
export class NotPresenter extends Error {}

/** Nothing answers, or something that is not the stage. */
export class Silent extends Error {}

/** It was understood and not done; the message says why. */
export class Refused extends Error {}

// The address is left without the token: it stands in no history and on no screen.
function taken() {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem(KEPT, given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEPT) ?? "";
}

let token = taken();

export const hasToken = () => Boolean(token);

export function forgetToken() {
  token = "";
  sessionStorage.removeItem(KEPT);
}

/** Ask for a path below the stage; with a body, tell it that. */
export async function ask(path, body) {
  const answer = await fetch(`stage/${path}`, {
    method: body ? "POST" : "GET",
    headers: { ...(token && { [HEADER]: token }), ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).catch(() => null);
  if (answer?.status === 403 || answer?.status === 404) throw new NotPresenter();
  const document = await answer?.json().catch(() => null);
  if (!document || answer.status >= 500) throw new Silent();
  if (!answer.ok) throw new Refused(String(document.error ?? `Status ${answer.status}.`));
  return document;
}
