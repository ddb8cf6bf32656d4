// Where the function app is, from config.json beside the page. Asked for at once, while the rest of the page still loads.

/** `status` is the HTTP status of the answer, 0 when there was none. */
export class ApiError extends Error {
  constructor(sentence, status = 0) {
    super(sentence);
    this.status = status;
  }
}

const ask = () => fetch("config.json", { cache: "no-store", priority: "high" }).catch(() => null);
let asked = ask();

/**
 * Read config.json beside the page: {"apiBaseUrl": "https://…"}, without /api. A relative URL starts at the page.
 * With authentication it also has "signIn", the name of the identity provider, for example "aad".
 */
export async function readConfig() {
  const response = await (asked ?? ask());
  asked = null;
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
