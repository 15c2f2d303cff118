// The picture of a spectrogram.
import { magnitudes, pad } from "./spectrum.js";

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
