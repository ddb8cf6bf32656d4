// What is in the chat room, for all that show it or change it. The messages are in messages.js.

const NAME_KEY = "chat-name";

export const room = Vue.reactive({
  problem: "", // why the page cannot work at all
  apiBaseUrl: "",
  guest: "", // on a stage: where the page asks who this device is
  rules: "", // and what the presenter has decided
  signIn: "", // the identity provider; without one people only say a name
  entering: false, // signed in, and asking who that is
  signInNotice: "", // why somebody has to sign in
  id: "", // what tells me from everybody else; without sign-in nothing does
  name: sessionStorage.getItem(NAME_KEY) ?? "", // of this tab only: two tabs can be two people
  joined: false,
  recipient: "", // id of the person whom the next message is for; nobody: everybody
  draft: "", // what could not be sent because the sign-in had ended
  history: "loading", // loading | ready | failed
  historyProblem: "",
  hasEarlier: false, // the history has older messages than the page
  reached: "", // id of the oldest message that was read from the history
  isBehind: false, // the room has newer ones than the page of somebody who reads back
  link: { phase: "connecting", seconds: 0, why: "" },
  atBottom: true,
});

export const keepName = (name) => sessionStorage.setItem(NAME_KEY, name);
export const forgetName = () => sessionStorage.removeItem(NAME_KEY);

/** Where people have ids, a name that looks like mine makes no message mine. */
export const isMine = (item) =>
  room.signIn || item.senderId ? item.senderId === room.id : item.sender === room.name;
