// The function app as the page sees it: the history, sending a message, and who is signed in.
// Every failure is an ApiError with a sentence.

import { ApiError, howToStart, LOCAL_RUN, whyNoAnswer } from "./config.js";
import { HEADER, forget, token } from "./session.js";

const TIMEOUT_MS = 15_000;
const PROBE_MS = 3_000;
const DOWN = [502, 503, 504]; // of what stands before the app
// Which claim the function app gets as x-ms-client-principal-id: Entra's object id, else the
// subject. App Service has long names for them, which end in these, and tokens have short ones.
const ID_CLAIMS = ["objectidentifier", "oid", "nameidentifier", "sub"];
// No cookies for another site. Behind a proxy, page and function app are the same site, and the
// proxy knows people by its cookie.
const CREDENTIALS = "same-origin";

/** Messages from the history, newest first; with `before`, the id of a message, only older ones. */
export async function readHistory(apiBaseUrl, { limit, before = "" }) {
  const query = new URLSearchParams({ limit, ...(before && { before }) });
  const messages = await ask(`${apiBaseUrl}/api/messages?${query}`);
  if (!Array.isArray(messages))
    throw new ApiError("The function app's history is not a list of messages.");
  return messages;
}

/** Send a message. Returns it as the function app made it, with id, time and `stored`. */
export function postMessage(apiBaseUrl, message) {
  const body = JSON.stringify(message);
  return ask(`${apiBaseUrl}/api/messages`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
}

/** Who I am, as the platform tells it: the name that everybody sees, and the id, which is mine. */
export async function whoAmI(apiBaseUrl) {
  const known = (await ask(`${apiBaseUrl}/.auth/me`))?.[0];
  const short = (kind) => String(kind).replace(/.*\//, "");
  const claims = new Map(known?.user_claims?.map?.((claim) => [short(claim?.typ), claim?.val]));
  const isText = (value) => typeof value === "string" && value;
  const id = ID_CLAIMS.map((kind) => claims.get(kind)).find(isText);
  if (id && isText(known.user_id)) return { id, name: known.user_id };
  throw new ApiError("The function app does not say who you are.", 401);
}

/** Who this device is on a stage: {id, name}, both null for one that has not come before. */
export const readGuest = (path) => ask(path);

/** What the presenter of a stage has decided; rules.js says what is in it. */
export const readRules = (path) => ask(path);

/** Give this device's guest a name. Returns {id, name}: with a number when others have the name. */
export const nameGuest = (path, name) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name }),
  });

/** Give the token back: the session ends in the function app, too. Says whether it has answered. */
export async function endSession(apiBaseUrl) {
  const headers = { [HEADER]: token() };
  forget();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(`${apiBaseUrl}/.auth/logout`, {
    headers,
    signal,
    credentials: CREDENTIALS,
  }).catch(() => null);
  return response?.ok ?? false;
}

/** Ask the function app, as who is signed in; no cookie goes to another site. */
async function ask(url, options = {}) {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = { ...options.headers, ...(token() && { [HEADER]: token() }) };
  const response = await fetch(url, {
    ...options,
    headers,
    signal,
    credentials: CREDENTIALS,
  }).catch(() => null);
  if (!response) throw new ApiError(whyNoAnswer() || (await whyUnread(url)));
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const { status } = response;
  if (typeof answer?.error === "string") throw new ApiError(answer.error, status, true);
  const isDown = DOWN.includes(status);
  throw new ApiError(
    `The function app ${isDown ? "is down for now: it " : ""}answered with status ${status}.`,
    status,
  );
}

/** Why there is no answer that this page may read: a browser tells pages nothing about it. */
async function whyUnread(url) {
  const { origin } = new URL(url, document.baseURI);
  const options = { mode: "no-cors", cache: "no-store", credentials: "omit" };
  const signal = AbortSignal.timeout(PROBE_MS);
  const isThere = await fetch(`${origin}/`, { ...options, signal }).then(
    () => true,
    () => false,
  );
  if (isThere)
    return (
      "The function app does not answer. Is it down for now, or does its CORS setting not name this" +
      " page?"
    );
  return `The function app does not answer. Is it running?${howToStart(url, LOCAL_RUN)}`;
}
