// Walks the slides of a deck inside the page and says what the room would see wrong. See tools/slides/check.py.
// Text of 24 points is 32 pixels high on a screen of 1080 lines.
(() => {
  "use strict";
  const SMALLEST = 32, WORDS = 40, FIGURE = 0.4;
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));
  const frame = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));

  async function until(condition, ms, step = 20) {
    for (const end = performance.now() + ms; performance.now() < end; await pause(step)) if (condition()) return true;
    return condition();
  }

  // Shows a slide with all its steps, and waits for its pictures and widgets.
  async function show(slide) {
    const { h, v } = Reveal.getIndices(slide);
    Reveal.slide(h, v);
    await Promise.all([...slide.querySelectorAll("img")].map((image) => { image.loading = "eager"; return image.decode().catch(() => {}); }));
    const made = () => [...slide.querySelectorAll(".widget")].every((each) => {
      const widget = each.querySelector(".afm-widget");
      return widget?.firstChild && !widget.querySelector(".busy");
    });
    const ready = await until(made, 8000);
    await frame();
    return ready;
  }

  const brief = (element) => `${element.tagName.toLowerCase()}${element.className?.trim?.() ? "." + element.className.trim().split(/\s+/).join(".") : ""} "${(element.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 50)}"`;

  function overflow(slide) {
    const body = slide.querySelector(".body"), room = body.getBoundingClientRect();
    const wide = [];
    const found = [...body.querySelectorAll("*")].filter((element) => {
      if (element.closest("mjx-container") && element.tagName !== "MJX-CONTAINER") return false;
      if (element.closest("svg") && element.tagName !== "svg") return false;
      const box = element.getBoundingClientRect();
      if (!box.width || !box.height || ["SCRIPT", "OPTION"].includes(element.tagName)) return false;
      const out = box.bottom > room.bottom + 2 || box.top < room.top - 2 || box.right > room.right + 2 || box.left < room.left - 2;
      const cut = element.matches("pre, table, .prose, .formula, .html, .dds, .widget") && element.scrollWidth > element.clientWidth + 2;
      if (cut) wide.push(element);
      return out || cut;
    });
    if (!found.length) return [];
    if (wide.length) return [`too wide by ${Math.ceil(wide[0].scrollWidth - wide[0].clientWidth)} of 1280: ${brief(wide[0])}`];
    const over = Math.round((Math.max(...found.map((element) => element.getBoundingClientRect().bottom)) - room.bottom) * 720 / innerHeight);
    return [`does not fit${over > 2 ? ` (${over} of 720 lines too much)` : ""}: ${brief(found.at(-1))}`];
  }

  function smallText(slide) {
    const small = new Set(), walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.textContent.trim() || element.closest("aside, script, style, option, mjx-assistive-mml")) continue;
      const holder = element.closest("mjx-container") ?? element, box = holder.getBoundingClientRect();
      if (!box.width || !box.height || getComputedStyle(holder).visibility === "hidden") continue;
      const shown = holder.getScreenCTM ? holder.getScreenCTM().a : holder.offsetWidth ? box.width / holder.offsetWidth : 1;
      const scale = shown * 1080 / innerHeight;
      const size = parseFloat(getComputedStyle(holder).fontSize) * scale;
      if (size < SMALLEST - 0.3) small.add(`${(size * 0.75).toFixed(0)} pt at 1080 lines: ${brief(holder)}`);
    }
    return [...small].slice(0, 3);
  }

  function words(slide) {
    const copy = slide.querySelector(".body").cloneNode(true);
    copy.querySelectorAll("pre, code, mjx-container, .formula, .widget, .html, script, style, .part, .length").forEach((part) => part.remove());
    const count = copy.textContent.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
    return count > WORDS ? [`${count} words, ${WORDS} are the most`] : [];
  }

  function figures(slide) {
    return [...slide.querySelectorAll(".body img")].flatMap((image) => {
      const box = image.getBoundingClientRect(), found = [];
      const height = Math.min(box.height, box.width * image.naturalHeight / image.naturalWidth);
      if (!image.alt.trim()) found.push("a picture without alt text");
      if (!image.naturalWidth) found.push("a picture that does not load");
      if (image.closest(".figure") && height < FIGURE * innerHeight) found.push(`a figure only ${Math.round(height / innerHeight * 100)} % of the screen high, at least ${FIGURE * 100} %`);
      return found;
    });
  }

  function notes(slide) {
    const text = slide.querySelector("aside.notes")?.textContent.trim();
    return [...(text ? [] : ["no speaker notes"]), ...(Number(slide.dataset.timing) > 0 ? [] : ["no time in the notes, such as **1 min.**"])];
  }

  function formulas(slide) {
    const wrong = [...slide.querySelectorAll("mjx-merror, [data-mjx-error]")].map((error) => `a formula that fails: ${brief(error)}`);
    const copy = slide.querySelector(".body").cloneNode(true);
    copy.querySelectorAll("pre, code, script, mjx-container, .widget").forEach((part) => part.remove());
    const rest = copy.textContent.match(/\\[([]|\$\$|\{[a-z:]+\}`|:::|```/);
    return rest ? [...wrong, `markup that stayed markup: ${rest[0]}`] : wrong;
  }

  // An ear on everything that the widgets send to the loudspeaker.
  let ear = null;
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode && target.context instanceof AudioContext) {
      if (ear?.context !== target.context) ear = new AnalyserNode(target.context, { fftSize: 2048 });
      connect.call(this, ear);
    }
    return connect.call(this, target, ...rest);
  };
  function sounds() {
    if (!ear) return false;
    const samples = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(samples);
    return samples.some((value) => Math.abs(value) > 1e-5);
  }

  async function players(slide) {
    const silent = [];
    for (const medium of slide.querySelectorAll("audio, video")) {
      medium.muted = true;
      const plays = await Promise.race([medium.play().then(() => until(() => medium.currentTime > 0.02, 3000, 5)).catch(() => false), pause(5000).then(() => false)]);
      if (!plays) silent.push(`a player that does not play: ${brief(medium.closest("figure") ?? medium)}`);
      medium.pause();
      medium.muted = false;
    }
    for (const button of slide.querySelectorAll(".dds button.play")) {
      button.click();
      if (!await until(sounds, 4000, 5)) silent.push(`a widget without sound: ${button.closest(".dds").getAttribute("aria-label")}`);
      document.dispatchEvent(new CustomEvent("introddsp:started", { detail: null }));
      ear = null;
    }
    return silent;
  }

  globalThis.slideCheck = {
    show,
    begin: async () => {
      await Promise.race([globalThis.MathJax?.startup?.promise, pause(20000)]);
      Reveal.configure({ fragments: false });
      return Reveal.getSlides().map((slide) => slide.id);
    },
    wrong: async (play) => {
      const found = [];
      for (const slide of Reveal.getSlides()) {
        const ready = await show(slide);
        const problems = [...(ready ? [] : ["a widget that does not come up"]), ...overflow(slide), ...smallText(slide), ...words(slide),
          ...figures(slide), ...formulas(slide), ...notes(slide), ...(play ? await players(slide) : [])];
        if (problems.length) found.push([slide.id, slide.querySelector("h1, h2, h3")?.textContent ?? "", problems]);
      }
      return found;
    },
  };
})();
