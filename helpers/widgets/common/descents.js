// Five ways to search a frequency by descent, tested against synths/finding-frequency.
import { fft } from "./spectrum.js";
import { waveformLoss, spectralLoss, spectrumOf } from "./losses.js";

const STEPS = 150, TINY_STEP = 1e-5;
const SHORTEST = 1.5, LONGEST = 0.3; // of the annealed window: in samples, and as a share of the sound
// Length of the first and of the last step, in radians per sample.
const LENGTHS = { waveform: [0.03, 3e-5], spectral: [0.03, 3e-5], transport: [0.15, 1e-4], damped: [0.06, 1e-4], annealed: [0.1, 1e-4] };

// Cosine and sine of `omega * (i - middle)`, by turning one step at a time.
function turning(omega, length, middle = 0) {
  const cosine = new Float64Array(length), sine = new Float64Array(length);
  const c = Math.cos(omega), s = Math.sin(omega);
  let x = Math.cos(omega * middle), y = -Math.sin(omega * middle);
  for (let i = 0; i < length; i++) {
    cosine[i] = x;
    sine[i] = y;
    [x, y] = [x * c - y * s, x * s + y * c];
  }
  return { cosine, sine };
}

// r^n cos(omega n).
export function ringing(omega, length, r = 1) {
  let level = 1;
  return turning(omega, length).cosine.map((value) => { const here = value * level; level *= r; return here; });
}

// Cumulative share of the magnitudes to the fourth power.
function staircase(samples) {
  const size = samples.length, re = new Float64Array(size), im = new Float64Array(size);
  samples.forEach((value, i) => { re[i] = value * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size)); });
  fft(re, im);
  const mass = Float64Array.from({ length: size / 2 + 1 }, (_, k) => (re[k] * re[k] + im[k] * im[k]) ** 2);
  const total = mass.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  return mass.map((value) => (sum += value / total));
}

export const gaussian = (length, width) => Float64Array.from({ length }, (_, i) => Math.exp(-0.5 * ((i - (length - 1) / 2) / width) ** 2));

export function windowWidth(progress, length) {
  return SHORTEST * ((LONGEST * length) / SHORTEST) ** Math.min(1, progress / 0.9);
}

// Energy of `samples` that a sinusoid explains under a window: cosine and sine about the middle are orthogonal.
function explained(samples, omega, window) {
  const { cosine, sine } = turning(omega, samples.length, (samples.length - 1) / 2);
  return [cosine, sine].reduce((sum, wave) => {
    let overlap = 0, energy = 1e-3;
    for (let i = 0; i < wave.length; i++) {
      const seen = wave[i] * window[i];
      overlap += seen * window[i] * samples[i];
      energy += seen * seen;
    }
    return sum + (overlap * overlap) / energy;
  }, 0);
}

// The search for `target` (samples) by one method. `r` is used by the damped one, `progress` (0 to 1) by the annealed one.
export class Search {
  constructor(method, target, nFft) {
    Object.assign(this, { method, target, nFft, live: method === "damped" || method === "annealed" });
    if (method === "spectral") this.goal = spectrumOf(target, nFft);
    if (method === "transport") this.goal = staircase(target);
  }

  begin(omega) {
    this.step = 0;
    this.state = { omega, r: this.method === "damped" ? 0.5 : 1 };
  }
  get progress() { return this.step / STEPS; }
  get done() { return this.step >= STEPS; }

  // The loss at any frequency, with the damping and the window of this moment.
  loss() {
    const { target, goal, nFft } = this, length = target.length, r = this.state.r;
    if (this.method === "annealed") {
      const window = gaussian(length, windowWidth(Math.min(this.progress, 1), length));
      return (omega) => -explained(target, omega, window);
    }
    if (this.method === "transport") {
      return (omega) => staircase(ringing(omega, length)).reduce((sum, value, k) => sum + Math.abs(value - goal[k]), 0) / goal.length;
    }
    if (this.method === "spectral") return (omega) => spectralLoss(spectrumOf(ringing(omega, length), nFft), goal);
    return (omega) => waveformLoss(ringing(omega, length, r), target);
  }

  advance() {
    const [first, last] = LENGTHS[this.method], length = first * (last / first) ** this.progress;
    if (this.method === "damped") this.state = this.inDisc(length);
    else {
      const loss = this.loss(), { omega } = this.state;
      const slope = loss(omega + TINY_STEP) - loss(omega - TINY_STEP);
      this.state = { omega: omega - length * Math.sign(slope), r: 1 };
    }
    this.step += 1;
  }

  // One step of z = r e^(j omega) down the gradient of the waveform loss, not further than the circle.
  inDisc(length) {
    const { omega, r } = this.state, { target } = this;
    const { cosine, sine } = turning(omega, target.length);
    let inward = 0, around = 0, level = 1;
    for (let i = 0; i < target.length; i++) {
      const error = level * cosine[i] - target[i];
      inward += (error * i * level * cosine[i]) / r;
      around -= (error * i * level * sine[i]) / r;
      level *= r;
    }
    const scale = length / Math.max(Math.hypot(inward, around), 1e-20);
    const x = r - scale * inward, y = -scale * around; // in the frame that turns with z
    return { omega: omega + Math.atan2(y, x), r: Math.min(1, Math.max(1e-6, Math.hypot(x, y))) };
  }
}

// The same sine between 0 and half the sample rate.
export function folded(omega) {
  const turn = 2 * Math.PI;
  const wrapped = ((omega % turn) + turn) % turn;
  return wrapped > Math.PI ? turn - wrapped : wrapped;
}

export const toOmega = (hz, rate) => (2 * Math.PI * hz) / rate;
export const toHz = (omega, rate) => (folded(omega) * rate) / (2 * Math.PI);
