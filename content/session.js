// Who is signed in, in this tab only: the token of App Service Authentication, and how to get one.
// Follows Microsoft's page "Customize sign-in and sign-out in Azure App Service authentication".

export const HEADER = "X-ZUMO-AUTH";
const TOKEN_KEY = "chat-token";
const DRAFT_KEY = "chat-draft";
const BEGUN_KEY = "chat-sign-in-begun";
const NOT_BEGUN =
  "That link wanted to sign you in as somebody. It was not begun here, so nothing has happened.";

export const token = () => sessionStorage.getItem(TOKEN_KEY) ?? "";
export const forget = () => sessionStorage.removeItem(TOKEN_KEY);

/**
 * Leave for the sign-in page. It comes back with a token in the fragment, because browsers may
 * block cookies of another site.
 */
export function beginSignIn({ apiBaseUrl, signIn }) {
  sessionStorage.setItem(BEGUN_KEY, "yes");
  const query = new URLSearchParams({
    session_mode: "token",
    post_login_redirect_url: location.origin + location.pathname,
  });
  location.assign(`${apiBaseUrl}/.auth/login/${signIn}?${query}`);
}

/**
 * Take the token that sign-in has left in the address, and clean the address bar.
 *
 * Only a sign-in that this tab began counts: a link with somebody else's token signs nobody in.
 * Returns a sentence when a token was there and is no good, else "".
 */
export function takeToken() {
  const found = /^#token=(.*)/s.exec(location.hash);
  if (!found) return "";
  history.replaceState(null, "", location.pathname + location.search);
  const begun = sessionStorage.getItem(BEGUN_KEY);
  sessionStorage.removeItem(BEGUN_KEY);
  if (!begun) return NOT_BEGUN;
  try {
    const { authenticationToken } = JSON.parse(decodeURIComponent(found[1]));
    if (typeof authenticationToken !== "string" || !authenticationToken) throw new TypeError();
    sessionStorage.setItem(TOKEN_KEY, authenticationToken);
    return "";
  } catch {
    return "The sign-in brought no token back. Please try again.";
  }
}

/** Keep what was not sent for the same person's next sign-in in this tab. */
export const keepDraft = ({ senderId, recipient, text }) =>
  sessionStorage.setItem(DRAFT_KEY, JSON.stringify({ senderId, recipient, draft: text }));

/** What this person has left; gone then, and also when it is somebody else's. */
export function takeDraft(id) {
  const { senderId, ...kept } = JSON.parse(sessionStorage.getItem(DRAFT_KEY) ?? "{}");
  dropDraft();
  return senderId === id ? kept : {};
}

export const dropDraft = () => sessionStorage.removeItem(DRAFT_KEY);
