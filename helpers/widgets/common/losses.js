// The losses of helpers/losses.py, to the same values. A test holds both together.
import { fft, magnitudes, pad } from "./spectrum.js";

const FLOOR = 1e-4; // the square root of losses.FLOOR, which is a power

export function waveformLoss(prediction, target) {
  let sum = 0;
  for (let i = 0; i < target.length; i++) sum += (prediction[i] - target[i]) ** 2;
  return sum / target.length;
}

// All magnitudes of a centred STFT with mirrored ends and 75 % overlap, in a row.
export function spectrumOf(samples, size) {
  const frames = magnitudes(pad(samples, size / 2, true), size, size / 4);
  const all = new Float64Array(frames.length * frames[0].length);
  frames.forEach((frame, i) => all.set(frame, i * frame.length));
  return all;
}

export function spectralLoss(prediction, target) {
  let sum = 0;
  for (let i = 0; i < target.length; i++) {
    const p = Math.max(prediction[i], FLOOR), t = Math.max(target[i], FLOOR);
    sum += Math.abs(p - t) + Math.abs(Math.log(p / t));
  }
  return sum / target.length;
}

// Waveform loss of `gain * x`, for many gains at once: a parabola, known from three sums.
export function waveformLossOverGain(x, target, gains) {
  let xx = 0, xt = 0, tt = 0;
  for (let i = 0; i < x.length; i++) {
    xx += x[i] * x[i];
    xt += x[i] * target[i];
    tt += target[i] * target[i];
  }
  return gains.map((gain) => (gain * gain * xx - 2 * gain * xt + tt) / x.length);
}

// Spectral loss of `gain * x`. A gain moves the log spectrum as a whole, so no transform is needed for each.
export function spectralLossOverGain(spectrum, target, gains) {
  const floored = target.map((t) => Math.max(t, FLOOR));
  const logTarget = floored.map(Math.log), logSpectrum = spectrum.map(Math.log), logFloor = Math.log(FLOOR);
  return gains.map((gain) => {
    const level = Math.abs(gain), logLevel = Math.log(level);
    let sum = 0;
    for (let i = 0; i < spectrum.length; i++) {
      sum += Math.abs(Math.max(level * spectrum[i], FLOOR) - floored[i]);
      sum += Math.abs(Math.max(logLevel + logSpectrum[i], logFloor) - logTarget[i]);
    }
    return sum / spectrum.length;
  });
}

// Every partial a quarter of a turn later: cosine becomes sine.
export function quadrature(samples) {
  const size = 2 ** Math.ceil(Math.log2(samples.length));
  const re = new Float64Array(size), im = new Float64Array(size);
  re.set(samples);
  fft(re, im);
  for (let k = 0; k < size; k++) {
    const turn = k === 0 || k === size / 2 ? 0 : k < size / 2 ? 1 : -1;
    [re[k], im[k]] = [turn * im[k], -turn * re[k]];
  }
  // The inverse transform is the forward one of the conjugate.
  im.forEach((value, k) => { im[k] = -value; });
  fft(re, im);
  return Float32Array.from(samples, (_, i) => re[i] / size);
}
