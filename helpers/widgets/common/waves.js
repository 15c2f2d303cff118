// Two waveforms over a few milliseconds: the target and what is compared with it.
import { sketch } from "./canvas.js";
import { Axes, LEFT } from "./axes.js";

const WAVES_HEIGHT = 130;

// `curves()` gives [{ samples, colour index, dash }]; they share one amplitude scale from -peak to peak.
export function waveView(host, sampleRate, peak, curves) {
  const view = sketch(host, WAVES_HEIGHT, (pen, width) => {
    if (!view.theme) return;
    const lines = curves(), count = lines[0].samples.length;
    const times = Float64Array.from({ length: count }, (_, i) => (1000 * i) / sampleRate);
    const axes = new Axes({ left: LEFT, top: 6, width: width - LEFT - 14, height: WAVES_HEIGHT - 46 },
      [0, times[count - 1]], [-peak, peak]);
    axes.line(pen, view.theme.edge, [[axes.left, axes.y(0)], [axes.left + axes.width, axes.y(0)]]);
    axes.drawX(pen, view.theme, "time (ms)");
    axes.drawY(pen, view.theme, "amplitude", 2);
    for (const { samples, colour, dash } of lines) axes.curve(pen, view.theme.palette[colour], times, samples, 2, dash);
  });
  view.canvas.setAttribute("role", "img");
  view.canvas.setAttribute("aria-label", "The waveforms of the target and of the result");
  return view;
}
