// Starts the deck. Widgets are made when their slide comes near; a new slide is a silent one.
(() => {
  "use strict";
  const root = document.documentElement;
  const stored = (() => { try { return localStorage.getItem("slides-theme"); } catch { return null; } })();
  if (stored) root.dataset.theme = stored;

  function turnTheme() {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("slides-theme", root.dataset.theme); } catch { /* a folder may have no storage */ }
  }

  // A remote control sends Page Up and Page Down: they turn the page whatever has the focus, and so do the arrows after
  // a press on a button. Sliders and pictures that one drags keep their arrows.
  const TURNS = { PageDown: "next", PageUp: "prev", ArrowRight: "next", ArrowLeft: "prev" };
  function turn(event) {
    const { key, target } = event, onButton = target.closest?.("button, a, summary");
    if (!TURNS[key] || event.altKey || event.ctrlKey || event.metaKey || !(key.startsWith("Page") || onButton)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    target.blur?.();
    Reveal[TURNS[key]]();
  }

  // What is left to reveal.js: keys that nobody has used, and no press on a button or a player by keyboard.
  function turnsPage({ key, target, defaultPrevented }) {
    const pressed = target.closest?.("button, a, summary, audio, video") && (key === " " || key === "Enter");
    return !defaultPrevented && !pressed && !(target.closest?.("audio, video") && key.startsWith("Arrow"));
  }

  // Too tall for its slide? Smaller, step by step, down to where a page would have it.
  function fit(slide) {
    const body = slide.querySelector(".body");
    for (const widget of slide.querySelectorAll(".widget")) {
      let zoom = 1.6;
      widget.style.setProperty("--zoom", zoom);
      while (body.scrollHeight > body.clientHeight && zoom > 1) widget.style.setProperty("--zoom", zoom -= 0.05);
      const type = String(Math.min(1.4, 2 / zoom).toFixed(2)); // of the letters that a widget draws
      if (widget.style.getPropertyValue("--type") === type) continue;
      widget.style.setProperty("--type", type);
      document.body.dataset.mode = `${slide.id} ${type}`;
    }
  }

  // Code grows into the room that it has.
  function enlarge(slide) {
    const body = slide.querySelector(".body"), code = [...body.querySelectorAll("pre.code")];
    if (body.querySelector(".figure, .widget, .animation")) return;
    const fits = () => body.scrollHeight <= body.clientHeight && code.every((pre) => pre.firstElementChild.offsetWidth <= pre.clientWidth - 36);
    for (let size = 30; size > 21.5 && code.length; size -= 0.5) {
      body.style.setProperty("--code-size", `${size}px`);
      if (fits()) return;
    }
    body.style.removeProperty("--code-size");
  }

  const seen = new WeakSet();
  function prepare(slide) {
    if (!slide || seen.has(slide) || !slide.querySelector(".widget")) return;
    seen.add(slide);
    globalThis.showWidgets?.(slide);
    let due = 0;
    const observer = new ResizeObserver(() => { due ||= requestAnimationFrame(() => { due = 0; fit(slide); }); });
    slide.querySelectorAll(".afm-widget").forEach((widget) => observer.observe(widget));
  }

  function arrive(slide) {
    document.dispatchEvent(new CustomEvent("introddsp:started", { detail: null })); // whoever sounds stops
    enlarge(slide);
    prepare(slide);
    const all = Reveal.getSlides();
    prepare(all[all.indexOf(slide) + 1]);
  }

  Reveal.on("ready", ({ currentSlide }) => {
    arrive(currentSlide);
    globalThis.MathJax?.startup?.promise?.then(() => enlarge(Reveal.getCurrentSlide()));
  });
  Reveal.on("slidechanged", ({ currentSlide }) => arrive(currentSlide));
  Reveal.on("resize", ({ scale }) => { document.body.dataset.mode = scale; }); // widgets draw anew when this changes
  document.addEventListener("keydown", turn, true);
  Reveal.initialize({
    width: 1280, height: 720, margin: 0, maxScale: 6, center: false, display: "block", transition: "none", backgroundTransition: "none",
    hash: true, controls: false, navigationMode: "linear", viewDistance: 2, defaultTiming: 60, keyboardCondition: turnsPage,
    plugins: [RevealNotes],
  }).then(() => Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Dark or light" }, turnTheme));
})();
