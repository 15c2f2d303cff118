// One gain, one recording, one target: what the loss says about every gain, and what it sounds like.
import { themeOf, onThemeChange, PALETTE } from "./common/theme.js";
import { make, choice, press } from "./common/dom.js";
import { tickText } from "./common/axes.js";
import { decode, toBuffer, Deck } from "./common/audio.js";
import { Landscape } from "./common/landscape.js";
import { waveView } from "./common/waves.js";
import { Transport, follow } from "./common/transport.js";
import { spectrumOf } from "./common/losses.js";
import { quadrature, waveformLossOverGain, spectralLossOverGain } from "./common/gains.js";

const N_FFT = 1024, WINDOW_S = 0.012;
const GAINS = Float64Array.from({ length: 201 }, (_, i) => (i - 100) / 100);
const TARGETS = { scaled: "", inverted: "", quadrature: ", a quarter of a turn late" };

// What each target is made of: the recording times `gain`, upside down or a quarter of a turn late.
export function targetOf(kind, samples, gain) {
  const source = kind === "quadrature" ? quadrature(samples) : samples;
  return source.map((value) => (kind === "inverted" ? -gain : gain) * value);
}

export const lossCurve = (loss, samples, target, gains) => (loss === "waveform"
  ? waveformLossOverGain(samples, target, gains)
  : spectralLossOverGain(spectrumOf(samples, N_FFT), spectrumOf(target, N_FFT), gains));

async function render({ model, el }) {
  const rate = model.get("sample_rate"), trueGain = model.get("gain");
  const root = make("div", { class: "dds", role: "group", "aria-label": "Loss over gain" });
  root.append(make("div", { class: "busy" }, "Decoding the recording\u2026"));
  el.append(root);
  const input = await decode(model.get("sound"), rate, model.get("n_samples"));
  const samples = input.getChannelData(0);
  let kind = model.get("target"), loss = model.get("loss"), target = targetOf(kind, samples, trueGain);

  const deck = new Deck([toBuffer(target, rate), input], update);
  deck.chosen = 1;
  const listen = (i) => { deck.choose(i); deck.play(); };
  const sounds = [choice("target", PALETTE[0], () => listen(0), "1"), choice("gain \u00d7 recording", PALETTE[1], () => listen(1), "2")];
  const transport = new Transport(deck, sounds);
  const pick = (text, on) => make("button", { type: "button", class: "choice", onclick: on }, text);
  const kinds = Object.keys(TARGETS).map((name) => pick(name, () => choose(name, loss)));
  const losses = ["waveform", "spectral"].map((name) => pick(name, () => choose(kind, name)));
  const roll = pick("Let it roll", () => landscape.roll());
  const reset = pick("Reset", () => { choose(model.get("target"), model.get("loss")); landscape.grab(model.get("start")); });
  const readout = make("div", { class: "foot", "aria-live": "polite" });

  root.replaceChildren(
    make("p", { class: "try" }, "Drag the marble to the gain that you think is right, listen, then change the target and the loss."),
    make("div", { class: "bar" }, make("span", { class: "name" }, "Target"), ...kinds, make("span", { class: "name" }, "Loss"), ...losses));
  const landscape = new Landscape(root, { label: "Gain", xlabel: "gain", low: -1, high: 1, start: model.get("start"),
    format: (gain) => `gain ${gain.toFixed(2)}`, onMove: update });
  root.append(readout);
  const start = loudestStretch(samples, Math.round(rate * WINDOW_S));
  const stretch = (values) => values.subarray(start, start + Math.round(rate * WINDOW_S));
  const peak = stretch(samples).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  const waves = waveView(root, rate, peak, () => [
    { samples: stretch(target), colour: 0 },
    { samples: stretch(samples).map((value) => landscape.value * value), colour: 1, dash: [6, 4] }]);
  transport.bar.append(roll, reset);
  root.append(transport.bar);

  function choose(nextKind, nextLoss) {
    if (nextKind !== kind) {
      target = targetOf(nextKind, samples, trueGain);
      deck.replace(0, toBuffer(target, rate));
    }
    [kind, loss] = [nextKind, nextLoss];
    recompute();
  }

  function recompute() {
    const made = kind === "inverted" ? -trueGain : trueGain;
    kinds.forEach((button) => press(button, button.textContent === kind));
    losses.forEach((button) => press(button, button.textContent === loss));
    landscape.show(GAINS, lossCurve(loss, samples, target, GAINS), { value: made, name: `target: gain ${tickText(made)}${TARGETS[kind]}` });
    landscape.move(landscape.value);
  }

  function update() {
    deck.setGain(1, landscape.value);
    transport.update(deck.chosen);
    readout.textContent = `gain ${tickText(landscape.value.toFixed(2))}  \u00b7  ${loss} loss ${landscape.lossAt(landscape.value).toPrecision(3)}`;
    waves.redraw();
    follow(deck, root, () => transport.showTime());
  }

  function restyle() {
    waves.theme = landscape.theme = themeOf(root);
    sounds.forEach((button, i) => button.firstChild.style.setProperty("--colour", waves.theme.palette[i]));
    landscape.view.redraw();
    waves.redraw();
  }
  const nudge = (by) => landscape.grab(landscape.value + by);
  transport.keys(root, { 1: () => listen(0), 2: () => listen(1), ArrowLeft: () => nudge(-0.02), ArrowRight: () => nudge(0.02),
    ArrowDown: () => nudge(-0.02), ArrowUp: () => nudge(0.02) });
  restyle();
  recompute();
  const unwatch = onThemeChange(restyle);
  return () => { unwatch(); landscape.view.remove(); waves.remove(); deck.remove(); };
}

// Where the `length` samples with the most energy begin.
function loudestStretch(samples, length) {
  let energy = 0, best = 0, start = 0;
  for (let i = 0; i < samples.length; i++) {
    energy += samples[i] ** 2 - (i >= length ? samples[i - length] ** 2 : 0);
    if (i >= length && energy > best) [best, start] = [energy, i - length + 1];
  }
  return start;
}

export default { render };
