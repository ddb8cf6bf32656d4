// The token behind the `#` of a page's address, and the proof that the page knows it.
//
// The token itself goes to nobody: something else may listen at the page's port while ours is
// closed. chatkit/localcloud/core/browser/page_token.py checks the proof.

export const HEADER = "x-chatkit-token";

/** The token: taken out of the address, where it would stand in the history, and kept by a name. */
export function takeToken(name) {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem(name, given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(name) ?? "";
}

/** What shows that this page knows the token, in the run of the server that an address tells. */
export async function prove(token, address) {
  const answer = await fetch(address, { cache: "no-store" });
  const { run } = await answer.json();
  const bytes = (text) => new TextEncoder().encode(text);
  const kind = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(token), kind, false, ["sign"]);
  const signed = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(run)));
  return [...signed].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
