// What the page asks its server, with the instructor's token where there is one.

import { HEADER, prove, takeToken } from "./page_token.js";

const LIMIT_MS = 30_000;

/** It was understood and not done; the message says why. */
export class Refused extends Error {}

const token = takeToken("chatkit-board-token");
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
  if (token && !proof) proof = await prove(token, "/board/run");
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
