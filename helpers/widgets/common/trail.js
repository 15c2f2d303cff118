// A landscape whose marble leaves a trail; a hand on it ends the descent.
import { Landscape } from "./landscape.js";

export class Trail extends Landscape {
  grab(value) {
    this.path = [];
    this.onGrab(Math.min(Math.max(value, this.low), this.high));
    super.grab(value);
  }

  draw(pen, width) {
    super.draw(pen, width);
    if (!this.theme || !this.path) return;
    const axes = this.axes(width);
    pen.fillStyle = this.theme.palette[1];
    pen.globalAlpha = 0.5;
    for (const hz of this.path) pen.fillRect(axes.x(hz) - 1, axes.top + axes.height - 8, 2, 8);
    pen.globalAlpha = 1;
  }
}
