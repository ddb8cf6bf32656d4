// Where the function app is, from config.json beside the page. The request goes out at once, while
// the rest of the page still loads.

/**
 * `status` is the HTTP status of the answer, 0 when there was none. `isOfApp` is true for an error
 * that the app itself has explained: it runs.
 */
export class ApiError extends Error {
  constructor(sentence, status = 0, isOfApp = false) {
    super(sentence);
    this.status = status;
    this.isOfApp = isOfApp;
  }
}

export const inWords = (error) =>
  error instanceof ApiError ? error.message : "Something in this page went wrong.";

const ask = () => fetch("config.json", { cache: "no-store", priority: "high" }).catch(() => null);
let asked = ask();
let way = "";

/** Whether this page is on a stage: people have phones, and no function app to start. */
export let onStage = false;

/**
 * Read config.json beside the page: {"apiBaseUrl": "https://…"}, without /api. A relative URL starts
 * at the page. With authentication it also has "signIn", the name of the identity provider, for
 * example "aad"; behind a proxy it has "way". On a stage, where people are guests with a name, it
 * has "guest": where the page asks who this device is, and "rules": what the presenter has decided.
 */
export async function readConfig() {
  const response = await (asked ?? ask());
  asked = null;
  if (!response) throw new ApiError("The page's own server does not answer.");
  if (!response.ok)
    throw new ApiError(
      "There is no config.json beside this page, so it does not know where its function app is.",
    );
  const config = await response.json().catch(() => null);
  const signIn = config?.signIn ?? "";
  if (typeof signIn !== "string" || !/^\w*$/.test(signIn))
    throw new ApiError(
      'In config.json, "signIn" has to be the name of a provider, for example "aad".',
    );
  way = isThroughProxy(config?.way) ? config.way : "";
  const guest = ownPath(config?.guest);
  onStage = Boolean(guest);
  const apiBaseUrl = proxiedUrl(absolute(config?.apiBaseUrl));
  return { apiBaseUrl, signIn, guest, rules: ownPath(config?.rules) };
}

/**
 * Where this browser finds an http server of the machine that the function app runs on. Behind a
 * proxy, for example a JupyterHub's, config.json names the "way", with {port} for the server's port.
 */
export function proxiedUrl(url) {
  if (!way) return url;
  const { protocol, hostname, port, pathname, search } = new URL(url);
  if (protocol !== "http:" || !["localhost", "127.0.0.1"].includes(hostname)) return url;
  const base = new URL(way.replace("{port}", port), document.baseURI).href.replace(/\/+$/, "");
  return (base + pathname + search).replace(/\/+$/, "");
}

/** Why nothing answers a device in a room; empty for a page that is on no stage. */
export const whyNoAnswer = () =>
  onStage ? "The chat does not answer. Is this device still in the room's network?" : "";

/** What starts a server that does not answer; nothing for one that is not on this machine. */
export function howToStart(url, what = "") {
  if (!["localhost", "127.0.0.1"].includes(new URL(url).hostname)) return "";
  return ` On this machine, \`chatkit local up\` starts the local cloud${what}.`;
}

export const LOCAL_RUN = ", workshop.start_functions() the functions of a local run";

/** Whether this page itself was opened through the proxy; on the machine itself none is needed. */
function isThroughProxy(named) {
  if (typeof named !== "string" || !named.includes("{port}")) return false;
  return (named.startsWith("/") ? location.pathname : location.href).startsWith(
    named.split("{port}")[0],
  );
}

/** A path of the page's own server; empty for what is none. */
const ownPath = (path) => (/^\/\w[\w/]*$/.test(path) ? path : "");

function absolute(url) {
  try {
    if (typeof url !== "string" || !url) throw new TypeError();
    const { protocol, href } = new URL(url, document.baseURI);
    if (!/^https?:$/.test(protocol)) throw new TypeError();
    return href.replace(/\/+$/, "");
  } catch {
    throw new ApiError(
      "config.json has to name the function app, for example " +
        '{"apiBaseUrl": "http://localhost:7071"}.',
    );
  }
}
