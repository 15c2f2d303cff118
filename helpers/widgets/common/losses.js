// The losses of helpers/losses.py, to the same values. A test holds both together.
import { magnitudes, pad } from "./spectrum.js";

export const FLOOR = 1e-4; // the square root of losses.FLOOR, which is a power

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
