// A loss over one parameter with a marble on it: drag it, step it with the keys, or let it roll downhill.
import { sketch, onDrag } from "./canvas.js";
import { Axes, LEFT } from "./axes.js";

const LANDSCAPE_HEIGHT = 210;

export class Landscape {
  // options: { label, xlabel, low, high, step, format, onMove }
  constructor(host, options) {
    Object.assign(this, options, { xs: [], ys: [], value: options.start });
    this.view = sketch(host, LANDSCAPE_HEIGHT, (pen, width) => this.draw(pen, width));
    const { canvas } = this.view;
    const attributes = { role: "slider", tabindex: "0", "aria-label": this.label, "aria-valuemin": this.low, "aria-valuemax": this.high };
    for (const [name, value] of Object.entries(attributes)) canvas.setAttribute(name, value);
    canvas.style.cursor = "grab";
    canvas.style.touchAction = "pan-y";
    onDrag(canvas, (x) => this.grab(this.axes(canvas.clientWidth).xValue(x)));
  }

  // A new curve; the marble stays where it is. `mark` is the value that was meant, with its name.
  show(xs, ys, mark) {
    Object.assign(this, { xs, ys, mark });
    this.view.redraw();
  }

  lossAt(value) {
    const { xs, ys } = this, last = xs.length - 1;
    const position = Math.min(Math.max(((value - xs[0]) / (xs[last] - xs[0])) * last, 0), last - 1e-9);
    const i = Math.floor(position);
    return ys[i] + (position - i) * (ys[i + 1] - ys[i]);
  }

  grab(value) {
    this.rolling = false;
    this.move(value);
  }

  move(value) {
    this.value = Math.min(Math.max(value, this.low), this.high);
    this.view.canvas.setAttribute("aria-valuenow", this.value);
    this.view.canvas.setAttribute("aria-valuetext", `${this.format(this.value)}, loss ${this.lossAt(this.value).toPrecision(3)}`);
    this.view.redraw();
    this.onMove(this.value);
  }

  // Gradient descent on the curve, in small steps. Readers who want no motion get its end at once.
  roll() {
    this.rolling = true;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const cell = this.xs[1] - this.xs[0];
    const slopes = Array.from(this.ys.slice(1), (y, i) => Math.abs(y - this.ys[i]) / cell).sort((a, b) => a - b);
    let rate = (3 * cell) / slopes[Math.floor(slopes.length * 0.7)]; // a usual slope makes the fastest roll
    let left = 400, last = 0;
    const descend = () => {
      const slope = (this.lossAt(this.value + cell) - this.lossAt(this.value - cell)) / (2 * cell);
      const change = Math.max(-1.5 * cell, Math.min(1.5 * cell, -rate * slope));
      if (change * last < 0) rate /= 2; // it went past the bottom
      last = change;
      this.move(this.value + change);
      return --left > 0 && Math.abs(change) > cell / 300;
    };
    const frame = () => {
      if (this.rolling && this.view.canvas.isConnected && descend()) requestAnimationFrame(frame);
      else this.rolling = false;
    };
    if (!still) return frame();
    while (descend());
    this.rolling = false;
  }

  axes(width) {
    const top = this.ys.reduce((a, b) => Math.max(a, b), 1e-12);
    return new Axes({ left: LEFT, top: 24, width: width - LEFT - 14, height: LANDSCAPE_HEIGHT - 64 }, [this.low, this.high], [0, top * 1.05]);
  }

  draw(pen, width) {
    if (!this.theme || !this.xs.length) return;
    const { theme } = this, axes = this.axes(width), bottom = axes.top + axes.height;
    axes.line(pen, theme.edge, [[axes.left, axes.top], [axes.left, bottom], [axes.left + axes.width, bottom]]);
    axes.drawX(pen, theme, this.xlabel);
    axes.drawY(pen, theme, "loss");
    if (this.mark) this.drawMark(pen, axes);
    axes.curve(pen, theme.ink, this.xs, this.ys, 1.8);
    const x = axes.x(this.value), y = axes.y(this.lossAt(this.value));
    axes.line(pen, theme.palette[1], [[x, y], [x, bottom]], 1, [2, 3]);
    pen.beginPath();
    pen.arc(x, y, 10, 0, 7);
    pen.fillStyle = theme.palette[1];
    pen.fill();
    pen.lineWidth = 2.5;
    pen.strokeStyle = theme.paper;
    pen.stroke();
  }

  drawMark(pen, axes) {
    const x = axes.x(this.mark.value), right = x > axes.left + axes.width * 0.6;
    axes.line(pen, this.theme.palette[0], [[x, axes.top], [x, axes.top + axes.height]], 1.5, [5, 4]);
    pen.font = this.theme.font(11);
    pen.fillStyle = this.theme.palette[0];
    pen.textAlign = right ? "right" : "left";
    pen.textBaseline = "top";
    pen.fillText(this.mark.name, x + (right ? 4 : -4), 6);
  }
}
