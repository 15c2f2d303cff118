// What gain_loss.js needs: losses over many gains at once, and the quadrature of a sound.
import { fft } from "./spectrum.js";
import { FLOOR } from "./losses.js";

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
