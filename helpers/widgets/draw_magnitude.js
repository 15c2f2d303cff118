// A magnitude response to draw: the linear-phase filter that it makes, its impulse response, and a sound through it.
import { themeOf, onThemeChange } from "./common/theme.js";
import { make, icon, press, onKeys } from "./common/dom.js";
import { sketch, onDrag } from "./common/canvas.js";
import { Axes, LEFT } from "./common/axes.js";
import { Deck, decode, toBuffer } from "./common/audio.js";
import { levelled, soundOf } from "./common/recursive.js";
import { BINS, FLOOR_DB, RESPONSES, firFilter, hann, linearPhaseFir, magnitudesOf, drawResponse, responseOf, zeroPhaseGain } from "./common/fir.js";

const TOP_DB = 12, POINTS = 769, GAIN_HEIGHT = 236, TAPS_HEIGHT = 150, LOUDEST = 0.7;

const decibel = (gain) => 20 * Math.log10(Math.max(Math.abs(gain), 1e-6));
const signed = (db) => `${db < 0 ? "\u2212" : "+"}${Math.abs(db).toFixed(1)} dB`;
const give = (canvas, attributes) => Object.entries(attributes).forEach((pair) => canvas.setAttribute(...pair));

function render({ model, el }) {
  const rate = model.get("sample_rate"), length = model.get("n_samples"), step = rate / 2 / (BINS - 1);
  const omegas = Float64Array.from({ length: POINTS }, (_, i) => (Math.PI * i) / (POINTS - 1));
  const inputs = { noise: levelled(soundOf("noise", length, rate)), speech: null };
  let drawn, taps, gains, windowed = model.get("window"), sound = "noise", chosen = 8, last = null, quieter = 0, due = 0, theme;
  const root = make("div", { class: "dds", role: "group", "aria-label": "A magnitude response to draw" });
  el.append(root);
  const deck = new Deck([toBuffer(new Float32Array(length), rate)], showPlaying);

  const button = (text, onclick) => make("button", { type: "button", class: "choice", onclick }, text);
  const play = make("button", { type: "button", class: "play", onclick: () => deck.toggle() });
  const sounds = Object.keys(inputs).map((name) => button(name, () => { if (inputs[name]) { sound = name; sounded(); deck.play(); } }));
  const presets = Object.keys(RESPONSES).map((name) => button(name, () => start(name)));
  const windows = ["no window", "Hann"].map((text, i) => button(text, () => { windowed = i === 1; set(drawn); }));
  const readout = make("div", { class: "foot", "aria-live": "polite" });
  root.append(make("p", { class: "try" }, "Draw a response. The line is what the filter makes of it: look between the bars, then try the window."),
    make("div", { class: "bar" }, make("span", { class: "name" }, "Start from"), ...presets));
  const gain = sketch(root, GAIN_HEIGHT, drawGain), wave = sketch(root, TAPS_HEIGHT, drawTaps);
  root.append(readout, make("div", { class: "bar", style: "margin-top:8px" }, play, ...sounds, make("span", { class: "name" }, "Window"), ...windows),
    make("div", { class: "foot keys" }, "Keys: left and right choose a frequency, up and down change its gain, Home is 0 dB, End is off, Space plays"));
  give(gain.canvas, { role: "slider", tabindex: "0", "aria-valuemin": FLOOR_DB, "aria-valuemax": TOP_DB });
  give(wave.canvas, { role: "img", "aria-label": `Impulse response, ${2 * BINS - 1} taps` });
  Object.assign(gain.canvas.style, { cursor: "crosshair", touchAction: "none" }); // a curve is drawn in every direction
  gain.canvas.addEventListener("pointerdown", () => { last = null; });
  onDrag(gain.canvas, (x, y) => {
    const axes = gainAxes(gain.canvas.clientWidth), share = Math.min(Math.max((y - axes.top) / axes.height, 0), 1);
    stroke(Math.round(axes.xValue(x) / step), TOP_DB + share * (FLOOR_DB - TOP_DB));
  });

  // From the last place of the pointer to this one: a quick hand skips bins, and its line does not.
  function stroke(bin, db) {
    const from = last ?? { bin, db }, next = drawn.slice(), distance = bin - from.bin;
    for (let i = 0; i <= Math.abs(distance); i++) {
      const share = distance ? i / Math.abs(distance) : 1;
      next[from.bin + Math.sign(distance) * i] = from.db + share * (db - from.db);
    }
    chosen = bin;
    last = { bin, db };
    set(next);
  }

  function start(name) { set(responseOf(name, rate)); presets.forEach((each) => press(each, each.textContent === name)); }

  function set(next) {
    if (drawn !== next) presets.forEach((each) => press(each, false));
    drawn = next;
    const magnitudes = magnitudesOf(drawn);
    taps = linearPhaseFir(magnitudes, windowed && hann(2 * BINS - 1));
    gains = zeroPhaseGain(taps, omegas).map(decibel);
    model.set("magnitudes", [...magnitudes]);
    model.save_changes();
    due ||= setTimeout(sounded, 60);
    show();
  }

  // A filter that lifts may clip: then everything is turned down, and said so.
  function sounded() {
    clearTimeout(due);
    due = 0;
    const heard = firFilter(inputs[sound], taps), peak = heard.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    quieter = Math.min(1, LOUDEST / Math.max(peak, 1e-9));
    deck.replace(0, toBuffer(heard.map((value) => value * quieter), rate));
    show();
  }

  function show() {
    const hz = Math.round(chosen * step), db = drawn[chosen];
    const filter = gains[Math.round((chosen * (POINTS - 1)) / (BINS - 1))];
    const note = quieter < 0.99 ? `  \u00b7  turned down ${Math.abs(decibel(quieter)).toFixed(1)} dB` : "";
    readout.textContent = `${hz} Hz: drawn ${db <= FLOOR_DB ? "off" : signed(db)}, filter ${filter < FLOOR_DB ? "below \u221260 dB" : signed(filter)}${note}`;
    give(gain.canvas, { "aria-label": `Gain at ${hz} Hz`, "aria-valuenow": db.toFixed(1), "aria-valuetext": readout.textContent });
    sounds.forEach((each) => { press(each, each.textContent === sound); each.disabled = !inputs[each.textContent]; });
    windows.forEach((each, i) => press(each, windowed === (i === 1)));
    gain.redraw();
    wave.redraw();
  }

  function showPlaying() {
    play.replaceChildren(icon(deck.playing ? "pause" : "play"));
    give(play, { "aria-label": deck.playing ? "Pause" : "Play" });
  }

  function gainAxes(width) {
    return new Axes({ left: LEFT, top: 8, width: width - LEFT - 18, height: GAIN_HEIGHT - 50 }, [0, rate / 2], [FLOOR_DB, TOP_DB]);
  }

  function drawGain(pen, width) {
    if (!theme) return;
    const axes = gainAxes(width), bottom = axes.top + axes.height, bar = Math.max((axes.width / BINS) * 0.6, 1.5);
    axes.line(pen, theme.edge, [[axes.left, axes.y(0)], [axes.left + axes.width, axes.y(0)]]);
    drawn.forEach((db, k) => {
      pen.fillStyle = theme.palette[k === chosen ? 1 : 0];
      pen.globalAlpha = k === chosen ? 0.9 : 0.3;
      pen.fillRect(axes.x(k * step) - bar / 2, axes.y(db), bar, Math.max(bottom - axes.y(db), 2));
    });
    pen.globalAlpha = 1;
    axes.curve(pen, theme.ink, omegas.map((omega) => (omega / Math.PI) * (rate / 2)), gains, 1.6);
    axes.drawX(pen, theme, "frequency (Hz)");
    axes.drawY(pen, theme, "gain (dB)", 4);
  }

  function drawTaps(pen, width) { if (theme) drawResponse(pen, theme, width, TAPS_HEIGHT, taps, rate); }

  const walk = (by) => () => { chosen = Math.min(Math.max(chosen + by, 0), BINS - 1); show(); };
  const level = (db) => { last = null; stroke(chosen, Math.min(Math.max(db, FLOOR_DB), TOP_DB)); };
  onKeys(root, { ArrowLeft: walk(-1), ArrowRight: walk(1), PageDown: walk(-8), PageUp: walk(8), ArrowUp: () => level(drawn[chosen] + 2),
    ArrowDown: () => level(drawn[chosen] - 2), Home: () => level(0), End: () => level(FLOOR_DB),
    " ": ({ target }) => (target.matches(".choice") ? target.click() : deck.toggle()) });
  const restyle = () => { theme = themeOf(root); show(); };
  start(model.get("preset"));
  deck.repeat(true);
  showPlaying();
  restyle();
  decode(model.get("sound"), rate, length).then((buffer) => { inputs.speech = levelled(buffer.getChannelData(0)); show(); });
  const unwatch = onThemeChange(restyle);
  return () => { unwatch(); clearTimeout(due); [gain, wave, deck].forEach((each) => each.remove()); };
}

export default { render };
