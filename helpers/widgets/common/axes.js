// Axes of a picture: the mapping from values to pixels, ticks at round numbers, curves.

export const LEFT = 48; // pixels for the numbers of every vertical axis, so that pictures stand in line

// Round numbers from low to high, about `count` of them.
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const values = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) values.push(i * step);
  return values.map((value) => Number(value.toPrecision(12)));
}

export const tickText = (value) => String(value).replace("-", "\u2212");

// A box with `left`, `top`, `width`, `height` in pixels, over `x` and `y` as [low, high].
export class Axes {
  constructor(box, x, y) { Object.assign(this, box, { xRange: x, yRange: y }); }
  x(value) { return this.left + (this.width * (value - this.xRange[0])) / (this.xRange[1] - this.xRange[0]); }
  y(value) { return this.top + this.height * (1 - (value - this.yRange[0]) / (this.yRange[1] - this.yRange[0])); }
  xValue(pixel) {
    const share = Math.min(1, Math.max(0, (pixel - this.left) / this.width));
    return this.xRange[0] + share * (this.xRange[1] - this.xRange[0]);
  }

  drawX(pen, theme, label) {
    const bottom = this.top + this.height;
    pen.font = theme.font(11);
    pen.textBaseline = "top";
    pen.textAlign = "center";
    for (const value of ticks(...this.xRange, this.width / 75)) {
      this.line(pen, theme.edge, [[this.x(value), bottom], [this.x(value), bottom + 4]]);
      pen.fillStyle = theme.muted;
      pen.fillText(tickText(value), this.x(value), bottom + 6);
    }
    if (!label) return;
    pen.textBaseline = "bottom";
    pen.fillText(label, this.left + this.width / 2, bottom + 35);
  }

  drawY(pen, theme, label, count = 3) {
    pen.font = theme.font(11);
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    pen.fillStyle = theme.muted;
    for (const value of ticks(...this.yRange, count)) {
      this.line(pen, theme.edge, [[this.left - 4, this.y(value)], [this.left, this.y(value)]]);
      pen.fillText(tickText(value), this.left - 6, this.y(value));
    }
    if (!label) return;
    pen.save();
    pen.translate(this.left - 40, this.top + this.height / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText(label, 0, 0);
    pen.restore();
  }

  line(pen, colour, points, width = 1, dash = []) {
    pen.save();
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.lineJoin = "round";
    pen.setLineDash(dash);
    pen.beginPath();
    for (const [x, y] of points) pen.lineTo(x, y);
    pen.stroke();
    pen.restore();
  }

  // A curve through values; what leaves the box is cut off.
  curve(pen, colour, xs, ys, width = 2, dash = []) {
    pen.save();
    pen.beginPath();
    pen.rect(this.left, this.top - 2, this.width, this.height + 4);
    pen.clip();
    this.line(pen, colour, Array.from(xs, (x, i) => [this.x(x), this.y(ys[i])]), width, dash);
    pen.restore();
  }
}
