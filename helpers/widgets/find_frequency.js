// A sine looks for a target sine by gradient descent: choose the loss and the start, and watch it go.
import { themeOf, onThemeChange, PALETTE } from "./common/theme.js";
import { make, choice, icon, press, onKeys } from "./common/dom.js";
import { Tones } from "./common/tones.js";
import { Trail } from "./common/trail.js";
import { waveView } from "./common/waves.js";
import { Search, ringing, gaussian, windowWidth, toOmega, toHz } from "./common/descents.js";

const POINTS = 601, SHOWN = 100, ARRIVED_HZ = 3;
const METHODS = { waveform: "sines sample by sample", spectral: "spectra bin by bin", damped: "a sine that may fade",
  annealed: "a window that opens", transport: "how far energy must travel" };

function render({ model, el }) {
  const [low, high, targetHz, rate, length, nFft] = ["low_hz", "high_hz", "target_hz", "sample_rate", "n_samples", "n_fft"].map((key) => model.get(key));
  const frequencies = Float64Array.from({ length: POINTS }, (_, i) => low + ((high - low) * i) / (POINTS - 1));
  const target = ringing(toOmega(targetHz, rate), length);
  let search, startHz = model.get("start_hz");
  const root = make("div", { class: "dds", role: "group", "aria-label": "Descent to a frequency" });
  el.append(root);

  const tones = new Tones([targetHz, startHz], update);
  const hear = (...heard) => { tones.listen(heard); tones.play(); };
  const play = make("button", { type: "button", class: "play", onclick: () => tones.toggle() });
  const sounds = [choice("target", PALETTE[0], () => hear(true, false), "1"), choice("sine", PALETTE[1], () => hear(false, true), "2"),
    choice("both", PALETTE[2], () => hear(true, true), "3")];
  const pick = (text, on) => make("button", { type: "button", class: "choice", onclick: on }, text);
  const methods = Object.keys(METHODS).map((name) => pick(name, () => choose(name)));
  const actions = [pick("Descend", descend), pick("One step", step),
    pick("Reset", () => { choose(model.get("method")); landscape.grab(model.get("start_hz")); })];
  const readout = make("div", { class: "foot", "aria-live": "polite" });

  root.append(
    make("p", { class: "try" }, "Drag the marble to a start and let it descend. Then change the loss: which arrive from there?"),
    make("div", { class: "bar" }, make("span", { class: "name" }, "Loss"), ...methods));
  const landscape = new Trail(root, { label: "Frequency of the sine", xlabel: "frequency (Hz)", low, high, start: startHz,
    format: (hz) => `${hz.toFixed(1)} Hz`, onMove: update, onGrab: begin });
  root.append(readout, make("div", { class: "bar" }, ...actions));
  const waves = waveView(root, rate, 1.1, () => seenByTheLoss());
  root.append(make("div", { class: "bar" }, play, ...sounds));

  function choose(name) {
    stop();
    search = new Search(name, target, nFft);
    methods.forEach((button) => press(button, button.textContent === name));
    landscape.path = [];
    begin(startHz);
    landscape.move(startHz);
  }

  function begin(hz) {
    startHz = hz;
    const known = search.shown && !search.live;
    search.begin(toOmega(hz, rate));
    if (!known) showCurve();
  }

  // The loss of this moment over all frequencies, from its lowest at 0 to its highest at 1.
  function showCurve() {
    const loss = search.loss(), values = frequencies.map((hz) => loss(toOmega(hz, rate)));
    const lowest = values.reduce((a, b) => Math.min(a, b)), range = values.reduce((a, b) => Math.max(a, b)) - lowest;
    search.shown = true;
    landscape.show(frequencies, values.map((value) => (value - lowest) / range), { value: targetHz, name: `target ${targetHz} Hz` });
  }

  function advance() {
    if (search.done) return false;
    landscape.path.push(landscape.value);
    search.advance();
    if (search.live) showCurve();
    landscape.move(toHz(search.state.omega, rate));
    return !search.done;
  }

  const stop = () => { landscape.rolling = false; };
  function step() { stop(); advance(); }
  // A step a frame. Who wants no motion gets the end at once.
  function descend() {
    if (search.done) landscape.grab(startHz);
    landscape.rolling = true;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) while (advance());
    else frame();
  }
  function frame() {
    if (landscape.rolling && root.isConnected && advance()) requestAnimationFrame(frame);
    else stop();
  }

  function seenByTheLoss() {
    const { omega, r } = search.state, annealed = search.method === "annealed";
    const from = annealed ? (length - SHOWN) / 2 : 0;
    const window = annealed ? gaussian(length, windowWidth(search.progress, length)) : null;
    const cut = (samples) => samples.map((value, i) => value * (window?.[i] ?? 1)).subarray(from, from + SHOWN);
    return [{ samples: cut(target), colour: 0 }, { samples: cut(ringing(omega, length, r)), colour: 1, dash: [6, 4] }];
  }

  function state() {
    if (search.method === "damped") return `  \u00b7  |z| ${search.state.r.toFixed(3)}`;
    return search.method === "annealed" ? `  \u00b7  window ${windowWidth(search.progress, length).toFixed(1)} samples` : "";
  }

  function update() {
    const away = Math.abs(landscape.value - targetHz);
    const end = away < ARRIVED_HZ ? "  \u00b7  arrived" : `  \u00b7  stopped ${away.toFixed(0)} Hz away`;
    tones.tune(1, landscape.value);
    play.replaceChildren(icon(tones.playing ? "pause" : "play"));
    play.setAttribute("aria-label", tones.playing ? "Pause" : "Play");
    const [one, other] = tones.heard;
    [one && !other, other && !one, one && other].forEach((on, i) => press(sounds[i], on));
    readout.textContent = `${search.method}: ${METHODS[search.method]}  \u00b7  step ${search.step}  \u00b7  ${landscape.value.toFixed(1)} Hz${state()}${search.done ? end : ""}`;
    waves.redraw();
  }

  function restyle() {
    waves.theme = landscape.theme = themeOf(root);
    sounds.forEach((button, i) => button.firstChild.style.setProperty("--colour", waves.theme.palette[i]));
    landscape.view.redraw();
    waves.redraw();
  }
  const nudge = (by) => () => landscape.grab(landscape.value + by);
  onKeys(root, { 1: () => hear(true, false), 2: () => hear(false, true), 3: () => hear(true, true), d: descend, s: step,
    " ": ({ target: at }) => (at.matches(".choice") ? at.click() : tones.toggle()),
    ArrowLeft: nudge(-1), ArrowDown: nudge(-1), ArrowRight: nudge(1), ArrowUp: nudge(1), PageUp: nudge(50), PageDown: nudge(-50) });
  search = new Search(model.get("method"), target, nFft);
  search.begin(toOmega(startHz, rate));
  restyle();
  choose(model.get("method"));
  const unwatch = onThemeChange(restyle);
  return () => { unwatch(); stop(); landscape.view.remove(); waves.remove(); tones.remove(); };
}

export default { render };
