// What a filter does, drawn: its gain over frequency with one place read off, and its ring over time.
import { Axes, LEFT } from "./axes.js";
import { dot } from "./zplane.js";

const RANGE_DB = 80;

// 80 dB of scale, up to the next 20 above the highest gain.
export function gainAxesOf(width, height, gains, nyquist) {
  const top = 20 * Math.ceil((Math.max(...gains) + 1) / 20);
  return new Axes({ left: LEFT, top: 8, width: width - LEFT - 18, height: height - 50 }, [0, nyquist], [top - RANGE_DB, top]);
}

// `gains` in dB, evenly from 0 to half the sample rate; `hz` and `db` are the place that is read.
export function drawGains(pen, theme, axes, gains, hz, db) {
  const nyquist = axes.xRange[1], x = axes.x(hz);
  axes.line(pen, theme.edge, [[x, axes.top], [x, axes.top + axes.height]]);
  axes.curve(pen, theme.palette[0], gains.map((_, i) => (i * nyquist) / (gains.length - 1)), gains, 2);
  dot(pen, theme.palette[2], x, axes.y(Math.max(db, axes.yRange[0])));
  axes.drawX(pen, theme, "frequency (Hz)");
  axes.drawY(pen, theme, "gain (dB)", 4);
}

export function drawSamples(pen, theme, width, height, samples, rate, colour) {
  const peak = 1.05 * samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const box = { left: LEFT, top: 6, width: width - LEFT - 18, height: height - 48 };
  const axes = new Axes(box, [0, (1000 * samples.length) / rate], [-peak, peak]);
  axes.curve(pen, theme.palette[colour], samples.map((_, i) => (1000 * i) / rate), samples, 1.6);
  axes.drawX(pen, theme, "time (ms) after one impulse");
  axes.drawY(pen, theme, "", 2);
}
