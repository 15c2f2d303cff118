// One frequency, one target tone: what the loss says about every frequency, and why rolling downhill does not arrive.
import { themeOf, onThemeChange, PALETTE } from "./common/theme.js";
import { make, choice, icon, press, onKeys } from "./common/dom.js";
import { Tones } from "./common/tones.js";
import { Landscape } from "./common/landscape.js";
import { waveView } from "./common/waves.js";
import { waveformLoss, spectralLoss, spectrumOf } from "./common/losses.js";

const WINDOW_S = 0.012, POINTS = 401;

export const sine = (hz, sampleRate, length) =>
  Float64Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hz * i) / sampleRate));

// The loss of a sine at each frequency against one at `targetHz`.
export function lossOverFrequency(loss, frequencies, targetHz, sampleRate, length, nFft) {
  const target = sine(targetHz, sampleRate, length), targetSpectrum = spectrumOf(target, nFft);
  return frequencies.map((hz) => {
    const prediction = sine(hz, sampleRate, length);
    return loss === "waveform" ? waveformLoss(prediction, target) : spectralLoss(spectrumOf(prediction, nFft), targetSpectrum);
  });
}

function render({ model, el }) {
  const [low, high, targetHz, rate, length, nFft] = ["low_hz", "high_hz", "target_hz", "sample_rate", "n_samples", "n_fft"].map((key) => model.get(key));
  const frequencies = Float64Array.from({ length: POINTS }, (_, i) => low + ((high - low) * i) / (POINTS - 1));
  const curves = {}; // each is computed when it is first asked for
  let loss = model.get("loss");
  const root = make("div", { class: "dds", role: "group", "aria-label": "Loss over the frequency of an oscillator" });
  el.append(root);

  const tones = new Tones([targetHz, model.get("start_hz")], update);
  const hear = (...heard) => { tones.listen(heard); tones.play(); };
  const play = make("button", { type: "button", class: "play", onclick: () => tones.toggle() });
  const sounds = [choice("target", PALETTE[0], () => hear(true, false), "1"), choice("oscillator", PALETTE[1], () => hear(false, true), "2"),
    choice("both", PALETTE[2], () => hear(true, true), "3")];
  const pick = (text, on) => make("button", { type: "button", class: "choice", onclick: on }, text);
  const losses = ["waveform", "spectral"].map((name) => pick(name, () => choose(name)));
  const reset = pick("Reset", () => { choose(model.get("loss")); landscape.grab(model.get("start_hz")); });
  const roll = pick("Let it roll", () => landscape.roll());
  const readout = make("div", { class: "foot", "aria-live": "polite" });

  root.append(
    make("p", { class: "try" }, "Drag the marble to tune the oscillator. Then let it roll from both sides of the target: where does it stop?"),
    make("div", { class: "bar" }, make("span", { class: "name" }, "Loss"), ...losses));
  const landscape = new Landscape(root, { label: "Frequency of the oscillator", xlabel: "frequency (Hz)", low, high,
    start: model.get("start_hz"), format: (hz) => `${hz.toFixed(1)} Hz`, onMove: update });
  root.append(readout);
  const count = Math.round(rate * WINDOW_S);
  const waves = waveView(root, rate, 1.1, () => [
    { samples: sine(targetHz, rate, count), colour: 0 },
    { samples: sine(landscape.value, rate, count), colour: 1, dash: [6, 4] }]);
  root.append(make("div", { class: "bar" }, play, ...sounds, roll, reset));

  function choose(name) {
    loss = name;
    curves[loss] ??= lossOverFrequency(loss, frequencies, targetHz, rate, length, nFft);
    losses.forEach((button) => press(button, button.textContent === loss));
    landscape.show(frequencies, curves[loss], { value: targetHz, name: `target ${targetHz} Hz` });
    landscape.move(landscape.value);
  }

  function update() {
    tones.tune(1, landscape.value);
    play.replaceChildren(icon(tones.playing ? "pause" : "play"));
    play.setAttribute("aria-label", tones.playing ? "Pause" : "Play");
    const [target, oscillator] = tones.heard;
    [target && !oscillator, oscillator && !target, target && oscillator].forEach((on, i) => press(sounds[i], on));
    readout.textContent = `oscillator ${landscape.value.toFixed(1)} Hz  \u00b7  target ${targetHz} Hz  \u00b7  ${loss} loss ${landscape.lossAt(landscape.value).toPrecision(3)}`;
    waves.redraw();
  }

  function restyle() {
    waves.theme = landscape.theme = themeOf(root);
    sounds.forEach((button, i) => button.firstChild.style.setProperty("--colour", waves.theme.palette[i]));
    landscape.view.redraw();
    waves.redraw();
  }
  const nudge = (by) => () => landscape.grab(landscape.value + by);
  onKeys(root, { 1: () => hear(true, false), 2: () => hear(false, true), 3: () => hear(true, true),
    " ": ({ target }) => (target.matches(".choice") ? target.click() : tones.toggle()),
    ArrowLeft: nudge(-1), ArrowDown: nudge(-1), ArrowRight: nudge(1), ArrowUp: nudge(1), PageUp: nudge(20), PageDown: nudge(-20) });
  restyle();
  choose(loss);
  const unwatch = onThemeChange(restyle);
  return () => { unwatch(); landscape.view.remove(); waves.remove(); tones.remove(); };
}

export default { render };
