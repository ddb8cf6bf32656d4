// The live connection to the hub. It reconnects by itself, and always tells its state and when it
// tries again.

import { ApiError, howToStart, LOCAL_RUN, onStage, proxiedUrl, whyNoAnswer } from "./config.js";
import { HEADER, token } from "./session.js";

const DELAYS_S = [1, 2, 4, 8, 15, 30];
const TOO_MANY = "429"; // how SignalR Service refuses one connection more than its tier allows
const FULL = "The room is full. You get in when somebody leaves.";
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
 * onState({phase, seconds, why}): the phase is connecting, connected or waiting.
 * onConnected(): the connection is there, again perhaps: messages may have been missed.
 * onRefused(): somebody has to sign in again; nothing more is tried.
 */
export function openLive(apiBaseUrl, { onMessage, onRemoved, onState, onConnected, onRefused }) {
  const http = signedIn(apiBaseUrl);
  const hub = new signalR.HubConnectionBuilder()
    .withUrl(`${apiBaseUrl}/api`, { withCredentials: false, httpClient: http })
    .configureLogging(signalR.LogLevel.None)
    .build();
  let attempts = 0;
  let closed = false;
  let ticking = 0;
  let renewing = false;
  let awakeAt = Date.now();

  async function connect() {
    clearInterval(ticking);
    if (closed || hub.state !== signalR.HubConnectionState.Disconnected) return;
    onState({ phase: "connecting", seconds: 0, why: "" });
    try {
      await hub.start();
    } catch (error) {
      return waitAndConnect(error);
    }
    if (closed) return void hub.stop();
    attempts = 0;
    onState({ phase: "connected", seconds: 0, why: "" });
    onConnected();
  }

  function waitAndConnect(error) {
    if (closed || renewing) return;
    if (http.refused) return onRefused();
    const delay_s = DELAYS_S[Math.min(attempts++, DELAYS_S.length - 1)] + Math.random();
    const until = performance.now() + delay_s * 1000;
    const tick = () => {
      const seconds = Math.ceil((until - performance.now()) / 1000);
      if (seconds <= 0) connect();
      else onState({ phase: "waiting", seconds, why: sentence(error, http.asked) });
    };
    clearInterval(ticking);
    ticking = setInterval(tick, 250);
    tick();
  }

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

function sentence(error, asked) {
  if (!navigator.onLine) return "This device is offline.";
  const status = /Status code '(\d+)'/.exec(error?.message ?? "")?.[1];
  const isApp = !/\/client\/(negotiate)?\?/.test(asked);
  const who = isApp ? "The function app" : "SignalR Service";
  if (onStage && !isApp && status === TOO_MANY) return FULL;
  if (status) return `${who} answered with status ${status}.`;
  if (/negotiat/i.test(error?.message ?? ""))
    return whyNoAnswer() || `${who} does not answer.${howToStart(asked, isApp ? LOCAL_RUN : "")}`;
  return "The connection was lost.";
}
