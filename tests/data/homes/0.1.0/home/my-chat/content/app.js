// Starts the page: finds the function app, then shows the room.

import { App } from "./view.js";
import { room, start } from "./room.js";

const TITLE = document.title;

Vue.createApp(App).mount("#app");
Vue.watchEffect(() => {
  document.title = room.unseen ? `(${room.unseen}) ${TITLE}` : TITLE;
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && room.atBottom) room.unseen = 0;
});
start();
