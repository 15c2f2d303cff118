// One sound at a time on a page, and none when the reader has left it. The widgets do the same for themselves.
(() => {
  "use strict";
  const sounds = () => document.querySelectorAll("audio");
  document.addEventListener("play", ({ target }) => {
    if (target.matches("audio")) sounds().forEach((sound) => sound !== target && sound.pause());
  }, true);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) sounds().forEach((sound) => sound.pause());
  });
})();
