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

const token = taken();
let proof = "";

export const hasToken = () => Boolean(token);

/** Ask for a path below the stage; with a body, tell it that. */
export async function ask(path, body) {
  let answer = await send(path, body);
  if (answer?.status === 403) {
    proof = ""; // of another run of the local cloud
    answer = await send(path, body);
  }
  if (answer?.status === 403 || answer?.status === 404) throw new NotPresenter();
  const document = await answer?.json().catch(() => null);
  if (!document || answer.status >= 500) throw new Silent();
  if (!answer.ok) throw new Refused(String(document.error ?? `Status ${answer.status}.`));
  return document;
}

async function send(path, body) {
  const kind = body && { "Content-Type": "application/json" };
  try {
    if (token && !proof) proof = await prove();
    return await fetch(`stage/${path}`, {
      method: body ? "POST" : "GET",
      headers: { ...kind, ...(token && { [HEADER]: proof }) },
      body: body && JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(LIMIT_MS),
    });
  } catch {
    return null;
  }
}

/**
 * What shows that this page knows the token. The token itself goes to nobody: something else may
 * listen at this port while the local cloud is down.
 */
async function prove() {
  const answer = await fetch("stage/run", { cache: "no-store" });
  const { run } = await answer.json();
  const bytes = (text) => new TextEncoder().encode(text);
  const kind = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(token), kind, false, ["sign"]);
  const signed = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(run)));
  return [...signed].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
