// What the page asks its server, with the instructor's token where there is one.

const KEPT = "chatkit-board-token";
const HEADER = "x-chatkit-token";
const LIMIT_MS = 30_000;

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

/** Ask for a path below the board; POST when there is a body. */
export async function ask(path, body) {
  let answer = await send(path, body);
  if (answer.status === 403 && token) {
    proof = ""; // of another run of the server
    answer = await send(path, body);
  }
  const document = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(String(document?.error ?? `Status ${answer.status}.`));
  return document;
}

async function send(path, body) {
  if (token && !proof) proof = await prove();
  return fetch(`/board/${path}`, {
    method: body ? "POST" : "GET",
    headers: {
      ...(body && { "Content-Type": "application/json" }),
      ...(token && { [HEADER]: proof }),
    },
    body: body && JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(LIMIT_MS),
  });
}

/**
 * What shows that this page knows the token. The token itself goes to nobody: something else may
 * listen at this port while the board is closed.
 */
async function prove() {
  const answer = await fetch("/board/run", { cache: "no-store" });
  const { run } = await answer.json();
  const bytes = (text) => new TextEncoder().encode(text);
  const kind = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(token), kind, false, ["sign"]);
  const signed = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(run)));
  return [...signed].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
