// Spectra of samples: an FFT, magnitudes over time, and their picture in decibels.

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

// Frames for a picture: windows of about 50 ms, at most 320 of them.
export function pictureFrames(samples, sampleRate) {
  const size = 2 ** Math.round(Math.log2(sampleRate * 0.05));
  return magnitudes(pad(samples, size / 2), size, Math.max(size / 8, Math.ceil(samples.length / 320)));
}

// A canvas of one pixel per cell, `range` decibels below `loudest`. Every two bins make a row: the louder counts.
export function picture(frames, loudest, rangeDb, colours) {
  const rows = frames[0].length >> 1;
  const canvas = new OffscreenCanvas(frames.length, rows);
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(frames.length, rows);
  const cells = new Uint32Array(image.data.buffer);
  frames.forEach((bins, column) => {
    for (let row = 0; row < rows; row++) {
      const db = 20 * Math.log10(Math.max(bins[2 * row], bins[2 * row + 1]) / loudest);
      const level = Math.max(0, Math.min(255, Math.round(255 * (1 + db / rangeDb))));
      cells[(rows - 1 - row) * frames.length + column] = colours[level];
    }
  });
  pen.putImageData(image, 0, 0);
  return canvas;
}

// The largest of all magnitudes of several sounds; never zero, so that silence can be divided by it.
export function loudestOf(sounds) {
  let loudest = 1e-9;
  for (const frames of sounds) for (const bins of frames) for (const bin of bins) if (bin > loudest) loudest = bin;
  return loudest;
}
