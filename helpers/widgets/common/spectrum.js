// Spectra of samples: an FFT, magnitudes over time, and their picture in decibels.

// In place, radix two. `re` and `im` have a power of two of values.
export function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j], im[i], im[j]] = [re[j], re[i], im[j], im[i]];
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    for (let k = 0; k < half; k++) {
      const c = Math.cos((-2 * Math.PI * k) / size), s = Math.sin((-2 * Math.PI * k) / size);
      for (let a = k; a < n; a += size) {
        const b = a + half;
        const x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

// |STFT| with a periodic Hann window, frames centred and edges silent: one Float32Array of size/2 + 1 bins per frame.
export function magnitudes(samples, size, hop) {
  const window = Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  const frames = [];
  for (let centre = 0; centre <= samples.length; centre += hop) {
    const re = window.map((w, i) => w * (samples[centre - size / 2 + i] ?? 0)), im = new Float64Array(size);
    fft(re, im);
    frames.push(Float32Array.from({ length: size / 2 + 1 }, (_, k) => Math.hypot(re[k], im[k])));
  }
  return frames;
}

// Frames for a picture: 46 ms windows or so, at most 320 of them.
export function pictureFrames(samples, sampleRate) {
  const size = 2 ** Math.round(Math.log2(sampleRate * 0.05));
  return magnitudes(samples, size, Math.max(size / 8, Math.ceil(samples.length / 320)));
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
      const level = Math.max(0, Math.min(255, Math.round(255 * (1 + db / rangeDb)))) || 0;
      cells[(rows - 1 - row) * frames.length + column] = colours[level];
    }
  });
  pen.putImageData(image, 0, 0);
  return canvas;
}

export const loudestOf = (all) => Math.max(1e-9, ...all.flat().map((bins) => bins.reduce((a, b) => Math.max(a, b), 0)));
