// The live connection to the hub. It reconnects by itself, and always tells its state and when it
// tries again.

import { ApiError, howToStart, LOCAL_RUN, onStage, proxiedUrl, whyNoAnswer } from "./config.js";
import { HEADER, token } from "./session.js";

const DELAYS_S = [1, 2, 4, 8, 15, 30];
const TOO_MANY = "429"; // how SignalR Service refuses one connection more than its tier allows
const FULL = "The room is full. You get in when somebody leaves.";
const LEAST_MS = 1_000;
const LOOK_MS = 1_000;
const ASLEEP_MS = 8_000;

/** Wait for SignalR's library, which loads beside the page: signing in does not need it yet. */
export async function libraryIsThere() {
  const isLoading = !globalThis.signalR && document.readyState !== "complete";
  if (isLoading) await new Promise((loaded) => addEventListener("load", loaded, { once: true }));
  if (!globalThis.signalR)
    throw new ApiError("A part of this page did not load. Please load the page again.");
}

/**
 * Connect to the hub that {apiBaseUrl}/api/negotiate names, and stay connected.
 *
 * onMessage(message): a `newMessage` arrived.
 * onRemoved(ids): messages are no longer in the room.
 * onRules(document): what the presenter of a stage has decided.
 * onState({phase, seconds, why}): the phase is connecting, connected or waiting, or lobby while a
 *   stage is full.
 * onConnected(): the connection is there, again perhaps: messages may have been missed.
 * onRefused(): somebody has to sign in again; nothing more is tried.
 */
export function openLive(apiBaseUrl, does) {
  const { onMessage, onRemoved, onRules, onState, onConnected, onRefused } = does;
  const http = signedIn(apiBaseUrl);
  const hub = new signalR.HubConnectionBuilder()
    .withUrl(`${apiBaseUrl}/api`, { withCredentials: false, httpClient: http })
    .configureLogging(signalR.LogLevel.None)
    .build();
  let attempts = 0;
  let closed = false;
  let ticking = 0;
  let renewing = false;
  let isInLobby = false;
  let awakeAt = Date.now();

  async function connect() {
    clearInterval(ticking);
    if (closed || hub.state !== signalR.HubConnectionState.Disconnected) return;
    if (!isInLobby) onState({ phase: "connecting", seconds: 0, why: "" });
    try {
      await hub.start();
    } catch (error) {
      return waitAndConnect(error);
    }
    if (closed) return void hub.stop();
    attempts = 0;
    isInLobby = false;
    onState({ phase: "connected", seconds: 0, why: "" });
    onConnected();
  }

  function waitAndConnect(error) {
    if (closed || renewing) return;
    if (http.refused) return onRefused();
    const lobby = onStage ? lobbyIn(error, http.asked) : null;
    const phase = lobby ? "lobby" : "waiting";
    isInLobby = Boolean(lobby);
    const why = lobby?.why ?? sentence(error, http.asked);
    const until = performance.now() + (lobby?.again_ms ?? delayNow_ms());
    const tick = () => {
      const seconds = Math.ceil((until - performance.now()) / 1000);
      if (seconds <= 0) connect();
      else onState({ phase, seconds, why });
    };
    clearInterval(ticking);
    ticking = setInterval(tick, 250);
    tick();
  }

  const delayNow_ms = () =>
    (DELAYS_S[Math.min(attempts++, DELAYS_S.length - 1)] + Math.random()) * 1000;

  /**
   * After sleep the connection may be gone without a word: nothing here has run meanwhile, neither
   * a timer nor what would have noticed. A new one is there sooner than one knows about the old.
   */
  async function wake() {
    const slept = Date.now() - awakeAt > ASLEEP_MS;
    awakeAt = Date.now();
    if (closed || renewing || document.hidden) return;
    if (!slept) return void connect();
    renewing = true;
    await hub.stop();
    renewing = false;
    attempts = 0;
    connect();
  }

  function look() {
    if (Date.now() - awakeAt > ASLEEP_MS && !document.hidden) wake();
    else awakeAt = Date.now();
  }

  hub.on("newMessage", onMessage);
  hub.on("messagesRemoved", onRemoved);
  hub.on("stageRules", onRules);
  hub.onclose(waitAndConnect);
  addEventListener("online", connect);
  document.addEventListener("visibilitychange", wake);
  const looking = setInterval(look, LOOK_MS);
  connect();

  return {
    retry: connect,
    close() {
      closed = true;
      clearInterval(ticking);
      clearInterval(looking);
      removeEventListener("online", connect);
      document.removeEventListener("visibilitychange", wake);
      hub.stop();
    },
  };
}

/** Requests to the function app carry the session's token; those to SignalR Service do not. */
function signedIn(apiBaseUrl) {
  const plain = new signalR.DefaultHttpClient(signalR.NullLogger.instance);
  return {
    refused: false,
    asked: "", // whom the last request went to
    getCookieString: () => "",
    async send(request) {
      this.asked = request.url;
      if (!request.url.startsWith(`${apiBaseUrl}/api/`)) return plain.send(request);
      try {
        const headers = { ...request.headers, ...(token() && { [HEADER]: token() }) };
        return withProxiedUrl(await plain.send({ ...request, headers }));
      } catch (error) {
        this.refused = error.statusCode === 401;
        throw error;
      }
    },
  };
}

/** The function app's answer, in which the hub's address is one that this browser finds. */
function withProxiedUrl(response) {
  const answer = JSON.parse(response.content);
  if (!answer?.url) return response;
  const content = JSON.stringify({ ...answer, url: proxiedUrl(answer.url) });
  return new signalR.HttpResponse(response.statusCode, response.statusText, content);
}

/**
 * A stage that is full gives people a place in line, and says when to ask again; nothing when the
 * answer is another one. Somebody else may have taken the place of whose turn it was.
 */
function lobbyIn(error, asked) {
  const [, body, status] = /^[^{]*({.*})?.*Status code '(\d+)'/s.exec(error?.message ?? "") ?? [];
  if (status !== TOO_MANY) return null;
  const spread = 1 + Math.random() / 5; // not all at the same moment
  try {
    const { error: why, lobby } = JSON.parse(body);
    const isGood = typeof why === "string" && lobby.again_ms >= LEAST_MS;
    return isGood ? { why, again_ms: lobby.again_ms * spread } : null;
  } catch {
    return isOfService(asked) ? { why: FULL, again_ms: LEAST_MS * spread } : null;
  }
}

const isOfService = (asked) => /\/client\/(negotiate)?\?/.test(asked);

function sentence(error, asked) {
  if (!navigator.onLine) return "This device is offline.";
  const status = /Status code '(\d+)'/.exec(error?.message ?? "")?.[1];
  const isApp = !isOfService(asked);
  const who = isApp ? "The function app" : "SignalR Service";
  if (status) return `${who} answered with status ${status}.`;
  if (/negotiat/i.test(error?.message ?? ""))
    return whyNoAnswer() || `${who} does not answer.${howToStart(asked, isApp ? LOCAL_RUN : "")}`;
  return "The connection was lost.";
}
