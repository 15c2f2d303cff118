// Linear-phase FIR filters: design from magnitudes, responses to start from, the filtering itself, and a picture of the taps.
import { Axes, LEFT } from "./axes.js";

export const BINS = 65, FLOOR_DB = -60;

export const hann = (taps) => Float64Array.from({ length: taps }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (taps - 1)));

// helpers.filters.linear_phase_fir: gains at even steps from 0 Hz to half the sample rate -> 2 * bins - 1 symmetric taps.
export function linearPhaseFir(magnitudes, window) {
  const half = magnitudes.length - 1, taps = new Float64Array(2 * half + 1);
  for (let n = 0; n <= half; n++) {
    let sum = magnitudes[0] + magnitudes[half] * (n % 2 ? -1 : 1);
    for (let k = 1; k < half; k++) sum += 2 * magnitudes[k] * Math.cos((Math.PI * ((k * n) % (2 * half))) / half);
    taps[half + n] = taps[half - n] = sum / (2 * half) / (n === half ? 2 : 1); // the last sample is shared by both ends
  }
  return window ? taps.map((tap, i) => tap * window[i]) : taps;
}

// The real gain of a symmetric response at each frequency; its delay is left out.
export function zeroPhaseGain(taps, omegas) {
  const half = taps.length >> 1;
  return omegas.map((omega) => {
    let sum = taps[half];
    for (let n = 1; n <= half; n++) sum += 2 * taps[half + n] * Math.cos(omega * n);
    return sum;
  });
}

// y[n] = sum_k h[k] x[n - k], of the same length as x.
export function firFilter(samples, taps) {
  const out = new Float32Array(samples.length);
  taps.forEach((tap, k) => {
    for (let n = k; tap && n < out.length; n++) out[n] += tap * samples[n - k];
  });
  return out;
}

const inside = (low, high) => (hz) => (hz >= low && hz <= high ? 0 : FLOOR_DB);
export const RESPONSES = {
  flat: () => 0, "low-pass": inside(0, 2000), band: inside(800, 1600), telephone: inside(375, 3375),
  notch: (hz) => (hz >= 875 && hz <= 1250 ? FLOOR_DB : 0),
};
// In dB, one for each bin.
export const responseOf = (name, rate) => Float64Array.from({ length: BINS }, (_, k) => RESPONSES[name]((k * rate) / 2 / (BINS - 1)));
// At the bottom a bin is off.
export const magnitudesOf = (gainsDb) => gainsDb.map((db) => (db <= FLOOR_DB ? 0 : 10 ** (db / 20)));

// The taps as stems, with room below for what is negative.
export function drawResponse(pen, theme, width, height, taps, rate) {
  const peak = 1.08 * taps.reduce((most, tap) => Math.max(most, Math.abs(tap)), 1e-3), low = Math.min(...taps, 0);
  const axes = new Axes({ left: LEFT, top: 8, width: width - LEFT - 18, height: height - 48 },
    [0, (1000 * (taps.length - 1)) / rate], [Math.max(1.3 * low - 0.02 * peak, -peak), peak]);
  axes.line(pen, theme.edge, [[axes.left, axes.y(0)], [axes.left + axes.width, axes.y(0)]]);
  taps.forEach((tap, i) => {
    const x = axes.x((1000 * i) / rate);
    axes.line(pen, theme.palette[0], [[x, axes.y(0)], [x, axes.y(tap)]], 1.4);
  });
  axes.drawX(pen, theme, "time (ms)");
  axes.drawY(pen, theme, "taps", 2);
}
