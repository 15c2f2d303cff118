// A filter by its poles and zeros: H(z) = product of (1 - q / z) over its zeros q / the same over its poles.
// A point { kind: "pole" | "zero", re, im, real } is one root on the real axis, or a conjugate pair with im >= 0.

export const polar = (kind, radius, angle) => ({ kind, re: radius * Math.cos(angle), im: radius * Math.sin(angle), real: false });
export const onAxis = (kind, re) => ({ kind, re, im: 0, real: true });
export const radiusOf = (point) => Math.hypot(point.re, point.im);
export const angleOf = (point) => Math.atan2(point.im, point.re);
export const isStable = (points) => points.every((point) => point.kind === "zero" || radiusOf(point) < 1);

// Every root once: a pair has two.
export const rootsOf = (points, kind) => points.filter((point) => point.kind === kind)
  .flatMap(({ re, im, real }) => (real ? [[re, im]] : [[re, im], [re, -im]]));

// c1, c2 of 1 + c1 / z + c2 / z^2, which has the point's roots.
const sectionOf = ({ re, im, real }) => (real ? [-re, 0] : [-2 * re, re * re + im * im]);

// How far the roots are from the place of a frequency on the circle.
export const distances = (points, kind, omega) =>
  rootsOf(points, kind).map(([re, im]) => Math.hypot(Math.cos(omega) - re, Math.sin(omega) - im));

// Gain in dB: distances to the zeros over distances to the poles.
export function gainDb(points, omega) {
  const product = (kind) => distances(points, kind, omega).reduce((all, distance) => all * distance, 1);
  return 20 * Math.log10(Math.max(product("zero"), 1e-9) / Math.max(product("pole"), 1e-9));
}

// One section for each point, in series: y[n] = x[n] + c1 x[n-1] + c2 x[n-2] for zeros, the same of y, subtracted, for poles.
export function filterSamples(points, samples) {
  const y = Float64Array.from(samples);
  for (const point of points) {
    const [c1, c2] = sectionOf(point), recursive = point.kind === "pole";
    for (let n = 0, one = 0, two = 0; n < y.length; n++) {
      const x = y[n];
      y[n] = recursive ? x - c1 * one - c2 * two : x + c1 * one + c2 * two;
      two = one;
      one = recursive ? y[n] : x;
    }
  }
  return y;
}

// Seconds until the ring of a pole has lost 60 dB.
export const t60 = (radius, sampleRate) => Math.log(1000) / -Math.log(radius) / sampleRate;

// White noise, the same on every page.
function noise(length) {
  let state = 1;
  return Float64Array.from({ length }, () => { state = (state * 48271) % 2147483647; return (2 * state) / 2147483647 - 1; });
}

// Harmonics of 110 Hz below half the sample rate, falling as 1 / k.
function saw(length, rate) {
  return Float64Array.from({ length }, (_, n) => {
    let sum = 0;
    for (let k = 1; k * 110 < rate / 2; k++) sum += Math.sin(2 * Math.PI * ((110 * k * n) / rate % 1)) / k;
    return sum;
  });
}

const clicks = (length, rate) => Float64Array.from({ length }, (_, n) => Number(n % (rate / 4) === 0));

const MAKERS = { noise, saw, clicks }, made = {};
export const SOUNDS = Object.keys(MAKERS);
export const soundOf = (name, length, rate) => (made[`${name} ${length} ${rate}`] ??= MAKERS[name](length, rate));

// Turned to one comfortable level, up or down: a filter may well multiply by a thousand.
export function levelled(samples) {
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
  const rms = Math.sqrt(samples.reduce((sum, value) => sum + (value / peak) ** 2, 0) / samples.length) * peak;
  const gain = Math.min(0.5 / peak, 0.12 / rms);
  return Float32Array.from(samples, (value) => gain * value);
}

const formant = (hz, width, rate) => polar("pole", Math.exp((-Math.PI * width) / rate), (2 * Math.PI * hz) / rate);
const turn = (hz, rate) => (2 * Math.PI * hz) / rate;
export const FILTERS = {
  resonance: (rate) => [polar("pole", 0.98, turn(1000, rate)), onAxis("zero", 1), onAxis("zero", -1)],
  notch: (rate) => [polar("pole", 0.94, turn(1000, rate)), polar("zero", 1, turn(1000, rate))],
  "one pole": () => [onAxis("pole", 0.95)],
  "low-pass": () => [[0.862856, 0.36549], [0.69108, 0.157205]].flatMap(([radius, angle]) => // Butterworth, an eighth of Nyquist
    [polar("pole", radius, angle), polar("zero", 1, Math.PI)]),
  vowel: (rate) => [[730, 60], [1090, 70], [2440, 110], [3400, 150]].map(([hz, width]) => formant(hz, width, rate)),
};
