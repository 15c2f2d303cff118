// Spectra of samples: an FFT, and magnitudes over time.

const waves = new Map(); // one turn of cosine and sine for each FFT size

function turn(n) {
  if (!waves.has(n)) {
    const angle = (k) => (-2 * Math.PI * k) / n;
    waves.set(n, [Float64Array.from({ length: n / 2 }, (_, k) => Math.cos(angle(k))),
      Float64Array.from({ length: n / 2 }, (_, k) => Math.sin(angle(k)))]);
  }
  return waves.get(n);
}

// In place, radix two. `re` and `im` have a power of two of values.
export function fft(re, im) {
  const n = re.length, [cosine, sine] = turn(n);
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const x = re[i], y = im[i];
      re[i] = re[j];
      im[i] = im[j];
      re[j] = x;
      im[j] = y;
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2, stride = n / size;
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < half; k++) {
        const a = start + k, b = a + half, c = cosine[k * stride], s = sine[k * stride];
        const x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

// `margin` more samples at both ends: silence, or the sound mirrored at its first and last sample.
export function pad(samples, margin, mirror = false) {
  const n = samples.length;
  const at = (i) => (mirror ? samples[i < 0 ? -i : i < n ? i : 2 * (n - 1) - i] : samples[i] ?? 0);
  return Float64Array.from({ length: n + 2 * margin }, (_, i) => at(i - margin));
}

// |STFT| of padded samples with a periodic Hann window: one Float64Array of size/2 + 1 bins per frame.
export function magnitudes(padded, size, hop) {
  const window = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  const frames = [];
  for (let start = 0; start + size <= padded.length; start += hop) {
    const re = window.map((w, i) => w * padded[start + i]), im = new Float64Array(size);
    fft(re, im);
    frames.push(Float64Array.from({ length: size / 2 + 1 }, (_, k) => Math.sqrt(re[k] * re[k] + im[k] * im[k])));
  }
  return frames;
}
