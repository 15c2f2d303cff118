// One sound at a time on a page, and none when the reader has left it; the widgets do the same for themselves.
// And controls beside an animation, where the browser's own would cover its axes.
(() => {
  "use strict";
  const sounds = () => document.querySelectorAll("audio");
  document.addEventListener("play", ({ target }) => {
    if (target.matches("audio")) sounds().forEach((sound) => sound !== target && sound.pause());
  }, true);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) document.querySelectorAll("audio, video").forEach((medium) => medium.pause());
  });

  function addControls(film) {
    const bar = document.createElement("div");
    bar.className = "film-controls";
    bar.innerHTML = '<button type="button"></button><input type="range" min="0" max="1" step="any" value="0" aria-label="Position in the animation">';
    const [button, slider] = bar.children;
    const name = () => { button.textContent = film.paused ? "Play" : "Pause"; };
    const move = () => {
      if (film.duration) slider.value = film.currentTime / film.duration;
      if (!film.paused) requestAnimationFrame(move);
    };
    button.onclick = () => (film.paused ? film.play() : film.pause());
    slider.oninput = () => { film.currentTime = slider.value * film.duration; };
    film.onplay = film.onpause = () => { name(); move(); };
    film.controls = false;
    film.after(bar);
    name();
  }
  const start = () => document.querySelectorAll("video.animation").forEach(addControls);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
