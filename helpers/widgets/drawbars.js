// Sixteen harmonics of one tone: drag their levels, hear the sum, see its spectrum and its waveform.
import { themeOf, onThemeChange } from "./common/theme.js";
import { make, icon, press, onKeys } from "./common/dom.js";
import { sketch, onDrag } from "./common/canvas.js";
import { Axes, LEFT } from "./common/axes.js";
import { fft } from "./common/spectrum.js";
import { Tones } from "./common/tones.js";

const HARMONICS = 16, FLOOR_DB = -48, BARS_HEIGHT = 226, WAVE_HEIGHT = 130, PERIODS = 3, LOUDEST = 3;
const WINDOW = 4096, FFT_SIZE = 16384; // four points for each bin, so that a peak is read to 0.1 dB

// The nine drawbars of an electric organ, from 16 foot to 1 foot.
const ORGAN = { 1: 0.7, 2: 1, 3: 0.7, 4: 0.8, 6: 0.4, 8: 0.5, 10: 0.2, 12: 0.25, 16: 0.3 };
export const PRESETS = {
  sine: (k) => (k === 1 ? 1 : 0), saw: (k) => 1 / k,
  square: (k) => (k % 2 ? 1 / k : 0), organ: (k) => ORGAN[k] ?? 0,
};
export const presetAmplitudes = (name) => Array.from({ length: HARMONICS }, (_, i) => PRESETS[name](i + 1));

// y[n] = sum_k a_k sin(2 pi k f0 n / sampleRate)
export function harmonicTone(amplitudes, f0, sampleRate, length) {
  const tone = new Float64Array(length);
  amplitudes.forEach((amplitude, i) => {
    const step = (2 * Math.PI * (i + 1) * f0) / sampleRate;
    for (let n = 0; amplitude && n < length; n++) tone[n] += amplitude * Math.sin(step * n);
  });
  return tone;
}

// Level in dB of each bin; a sine of amplitude one reads 0.
export function levelSpectrum(samples) {
  const re = new Float64Array(FFT_SIZE), im = new Float64Array(FFT_SIZE);
  samples.forEach((value, i) => { re[i] = value * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / samples.length)); });
  fft(re, im);
  const full = samples.length / 4; // half a window's sum
  return Float64Array.from({ length: FFT_SIZE / 2 + 1 }, (_, i) => 20 * Math.log10(Math.max(Math.hypot(re[i], im[i]) / full, 1e-6)));
}

const decibels = (amplitude) => 20 * Math.log10(Math.max(amplitude, 1e-6));
const describe = (canvas, attributes) => Object.entries(attributes).forEach((pair) => canvas.setAttribute(...pair));
const minus = (db) => db.toFixed(1).replace("-", "\u2212");

function render({ model, el }) {
  const f0 = model.get("f0_hz"), rate = model.get("sample_rate");
  let amplitudes, samples, levels, peak, chosen = 1, theme;
  const root = make("div", { class: "dds", role: "group", "aria-label": "Drawbars for sixteen harmonics" });
  el.append(root);
  const tones = new Tones(Array.from({ length: HARMONICS }, (_, i) => (i + 1) * f0), showPlaying);
  const play = make("button", { type: "button", class: "play", onclick: () => tones.toggle() });
  const presets = Object.keys(PRESETS).map((name) =>
    make("button", { type: "button", class: "choice", onclick: () => set(presetAmplitudes(name)) }, name));
  const readout = make("div", { class: "foot", "aria-live": "polite" });
  root.append(make("p", { class: "try" }, "Drag the bars. Then start from the saw and take bar 1 away: does the pitch go with it?"));
  const bars = sketch(root, BARS_HEIGHT, drawBars), wave = sketch(root, WAVE_HEIGHT, drawWave);
  root.append(readout, make("div", { class: "bar" }, play, ...presets));
  describe(wave.canvas, { role: "img", "aria-label": `Waveform of the sum, ${PERIODS} periods` });
  describe(bars.canvas, { role: "slider", tabindex: "0", "aria-valuemin": FLOOR_DB, "aria-valuemax": 0 });
  Object.assign(bars.canvas.style, { cursor: "ns-resize", touchAction: "none" }); // a bar is dragged the way a page is
  onDrag(bars.canvas, (x, y) => {
    const axes = axesOf(bars.canvas.clientWidth);
    chosen = Math.min(Math.max(Math.round(axes.xValue(x) / f0), 1), HARMONICS);
    level((1 - (y - axes.top) / axes.height) * -FLOOR_DB + FLOOR_DB);
  });

  // Sets the chosen bar; at the bottom of its way it is off.
  function level(db) {
    const amplitude = db <= FLOOR_DB + 1 ? 0 : 10 ** (Math.min(db, 0) / 20);
    set(amplitudes.map((old, i) => (i === chosen - 1 ? amplitude : old)));
  }

  function set(next) {
    amplitudes = next;
    samples = harmonicTone(amplitudes, f0, rate, WINDOW);
    levels = levelSpectrum(samples);
    peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const safe = Math.min(1, LOUDEST / peak);
    tones.listen(amplitudes.map((amplitude) => amplitude * safe));
    model.set("amplitudes", amplitudes);
    model.save_changes();
    presets.forEach((button) => press(button, String(presetAmplitudes(button.textContent)) === String(amplitudes)));
    show();
  }

  function show() {
    const db = decibels(amplitudes[chosen - 1]), text = db < FLOOR_DB ? "off" : `${minus(db)} dB`;
    const quieter = peak > LOUDEST ? `  \u00b7  all turned down ${minus(decibels(peak / LOUDEST))} dB` : "";
    readout.textContent = `harmonic ${chosen}, ${Number((chosen * f0).toFixed(1))} Hz: ${text}${quieter}`;
    describe(bars.canvas, { "aria-label": `Level of harmonic ${chosen}`, "aria-valuenow": Math.max(db, FLOOR_DB).toFixed(1),
      "aria-valuetext": readout.textContent });
    bars.redraw();
    wave.redraw();
  }

  function showPlaying() {
    play.replaceChildren(icon(tones.playing ? "pause" : "play"));
    play.setAttribute("aria-label", tones.playing ? "Pause" : "Play");
  }

  function axesOf(width) {
    return new Axes({ left: LEFT, top: 22, width: width - LEFT - 2, height: BARS_HEIGHT - 62 }, [0, (HARMONICS + 0.6) * f0], [FLOOR_DB, 0]);
  }

  function drawBars(pen, width) {
    if (!theme) return;
    const axes = axesOf(width), bottom = axes.top + axes.height, slot = (axes.width / (HARMONICS + 0.6)) * 0.66;
    amplitudes.forEach((amplitude, i) => {
      const x = axes.x((i + 1) * f0), top = axes.y(Math.max(decibels(amplitude), FLOOR_DB)), on = i === chosen - 1;
      pen.fillStyle = theme.palette[on ? 1 : 0];
      pen.globalAlpha = 0.14;
      pen.fillRect(x - slot / 2, axes.top, slot, axes.height);
      pen.globalAlpha = 0.75;
      pen.fillRect(x - slot / 2, top, slot, bottom - top);
      pen.globalAlpha = 1;
      pen.font = theme.font(11, on ? "700" : "");
      pen.textAlign = "center";
      pen.textBaseline = "top";
      pen.fillStyle = on ? theme.ink : theme.muted;
      pen.fillText(i + 1, x, 5);
    });
    const shown = Math.ceil((axes.xRange[1] * FFT_SIZE) / rate);
    axes.curve(pen, theme.ink, Float64Array.from({ length: shown }, (_, i) => (i * rate) / FFT_SIZE), levels, 1.3);
    axes.drawX(pen, theme, "frequency (Hz)");
    axes.drawY(pen, theme, "level (dB)", 4);
  }

  function drawWave(pen, width) {
    if (!theme) return;
    const count = Math.floor((PERIODS * rate) / f0), range = [1.25, 2.5, 5, 12.5].find((limit) => limit >= peak) ?? HARMONICS;
    const axes = new Axes({ left: LEFT, top: 6, width: width - LEFT - 2, height: WAVE_HEIGHT - 46 }, [0, (1000 * count) / rate], [-range, range]);
    axes.line(pen, theme.edge, [[axes.left, axes.y(0)], [axes.left + axes.width, axes.y(0)]]);
    axes.curve(pen, theme.palette[0], Float64Array.from({ length: count + 1 }, (_, i) => (1000 * i) / rate), samples, 1.8);
    axes.drawX(pen, theme, "time (ms)");
    axes.drawY(pen, theme, "amplitude", 3);
  }

  const walk = (by) => () => { chosen = 1 + ((chosen - 1 + by + HARMONICS) % HARMONICS); show(); };
  const nudge = (by) => () => level(Math.max(decibels(amplitudes[chosen - 1]), FLOOR_DB) + by);
  onKeys(root, { ArrowLeft: walk(-1), ArrowRight: walk(1), ArrowUp: nudge(2), ArrowDown: nudge(-2), Home: () => level(0), End: () => level(FLOOR_DB),
    " ": ({ target }) => (target.matches(".choice") ? target.click() : tones.toggle()) });
  const restyle = () => { theme = themeOf(root); bars.redraw(); wave.redraw(); };
  set(presetAmplitudes(model.get("preset")));
  showPlaying();
  restyle();
  const unwatch = onThemeChange(restyle);
  return () => { unwatch(); bars.remove(); wave.remove(); tones.remove(); };
}

export default { render };
