// Starts the page: finds the function app, then shows the room.

import { seen, unseen } from "./messages.js";
import { room } from "./room.js";
import { App } from "./view.js";
import { start } from "./visit.js";

const TITLE = document.title;

Vue.createApp(App).mount("#app");
Vue.watchEffect(() => {
  document.title = unseen.value ? `(${unseen.value}) ${TITLE}` : TITLE;
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && room.atBottom) seen();
});
start();
