// What the screen asks the local cloud, with the presenter's token where there is one.

import { HEADER, prove, takeToken } from "./page_token.js";

const LIMIT_MS = 40_000; // longer than an answer waits for news

/** The token is wrong, or of a stage that was before. */
export class NotPresenter extends Error {}

/** Nothing answers, or something that is not the stage. */
export class Silent extends Error {}

/** It was understood and not done; the message says why. */
export class Refused extends Error {}

const token = takeToken("chatkit-stage-token");
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
    if (token && !proof) proof = await prove(token, "stage/run");
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
