// The function app as the page sees it: where it is, its history, and sending. Every failure is an ApiError with a sentence.

import { HEADER, forget, token } from "./session.js";

const TIMEOUT_MS = 15_000;

/** `status` is the HTTP status of the answer, 0 when there was none. */
export class ApiError extends Error {
  constructor(sentence, status = 0) {
    super(sentence);
    this.status = status;
  }
}

/**
 * Read config.json beside the page: {"apiBaseUrl": "https://…"}, without /api. A relative URL starts at the page.
 * With authentication it also has "signIn", the name of the identity provider, for example "aad".
 */
export async function readConfig() {
  const response = await fetch("config.json", { cache: "no-store" }).catch(() => null);
  if (!response) throw new ApiError("The page's own server does not answer.");
  if (!response.ok)
    throw new ApiError("There is no config.json beside this page, so it does not know where its function app is.");
  const config = await response.json().catch(() => null);
  const signIn = config?.signIn ?? "";
  if (typeof signIn !== "string" || !/^\w*$/.test(signIn))
    throw new ApiError('In config.json, "signIn" has to be the name of a provider, for example "aad".');
  return { apiBaseUrl: absolute(config?.apiBaseUrl), signIn };
}

function absolute(url) {
  try {
    if (typeof url !== "string" || !url) throw new TypeError();
    const { protocol, href } = new URL(url, document.baseURI);
    if (!/^https?:$/.test(protocol)) throw new TypeError();
    return href.replace(/\/+$/, "");
  } catch {
    throw new ApiError('config.json has to name the function app, for example {"apiBaseUrl": "http://localhost:7071"}.');
  }
}

/** Messages from the history, newest first; with `before`, those older than the message with that id. */
export async function readHistory(apiBaseUrl, { limit, before = "" }) {
  const query = new URLSearchParams({ limit, ...(before && { before }) });
  const messages = await ask(`${apiBaseUrl}/api/messages?${query}`);
  if (!Array.isArray(messages)) throw new ApiError("The function app's history is not a list of messages.");
  return messages;
}

/** Send a message. Returns it as the function app made it, with its id, its time and whether it was stored. */
export function postMessage(apiBaseUrl, message) {
  const body = JSON.stringify(message);
  return ask(`${apiBaseUrl}/api/messages`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

/** The name that everybody sees, as the platform tells it. */
export async function whoAmI(apiBaseUrl) {
  const known = await ask(`${apiBaseUrl}/.auth/me`);
  const name = known?.[0]?.user_id;
  if (typeof name === "string" && name) return name;
  throw new ApiError("The function app does not say who you are.", 401);
}

/** Give the token back: the session ends in the function app, too. Says whether it has answered. */
export async function endSession(apiBaseUrl) {
  const headers = { [HEADER]: token() };
  forget();
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(`${apiBaseUrl}/.auth/logout`, { headers, signal, credentials: "omit" }).catch(() => null);
  return response?.ok ?? false;
}

/** Ask the function app, as who is signed in; no cookie goes along. */
async function ask(url, options = {}) {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = { ...options.headers, ...(token() && { [HEADER]: token() }) };
  const response = await fetch(url, { ...options, headers, signal, credentials: "omit" }).catch(() => null);
  if (!response) throw new ApiError("The function app does not answer. Is it running, and does its CORS setting name this page?");
  const answer = await response.json().catch(() => null);
  if (!response.ok)
    throw new ApiError(
      typeof answer?.error === "string" ? answer.error : `The function app answered with status ${response.status}.`,
      response.status,
    );
  return answer;
}
