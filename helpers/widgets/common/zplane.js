// The plane of poles and zeros: the unit circle with its frequencies, crosses, rings, and rulers from a place on the circle.
import { isStable, radiusOf, rootsOf } from "./recursive.js";

const REACH = 1.32, GRIP = 30; // how far the picture goes; pixels around a point that take hold of it
const hue = (kind) => (kind === "pole" ? 1 : 0); // its colour in the palette

export class ZPlane {
  constructor(width, height) {
    const unit = Math.min(width, height) / 2 / REACH;
    Object.assign(this, { middle: [width / 2, height / 2], unit });
  }
  at(re, im) { return [this.middle[0] + this.unit * re, this.middle[1] - this.unit * im]; }

  // The place under a finger, no further out than the picture.
  place(x, y) {
    const re = (x - this.middle[0]) / this.unit, im = (this.middle[1] - y) / this.unit;
    const shrink = Math.min(1, 1.25 / Math.hypot(re, im));
    return [re * shrink, im * shrink];
  }

  // The index of the point nearest to a finger, -1 if none is near.
  nearest(points, x, y) {
    const away = points.map(({ re, im }) => Math.min(...[im, -im].map((side) => {
      const [px, py] = this.at(re, side);
      return Math.hypot(px - x, py - y);
    })));
    const least = Math.min(...away);
    return least <= GRIP ? away.indexOf(least) : -1;
  }

  draw(pen, theme, points, chosen, omega, nyquist) {
    const stable = isStable(points);
    this.circle(pen, theme, stable, nyquist);
    this.rulers(pen, theme, points, omega);
    points.forEach((point, i) => {
      for (const im of point.real || point.im === 0 ? [0] : [point.im, -point.im]) this.mark(pen, theme, point, im, i === chosen);
    });
  }

  circle(pen, theme, stable, nyquist) {
    const [x, y] = this.middle;
    pen.lineWidth = 1;
    pen.strokeStyle = theme.edge;
    pen.beginPath();
    pen.moveTo(...this.at(-REACH, 0));
    pen.lineTo(...this.at(REACH, 0));
    pen.moveTo(...this.at(0, -REACH));
    pen.lineTo(...this.at(0, REACH));
    pen.stroke();
    pen.lineWidth = stable ? 1.5 : 3;
    pen.strokeStyle = theme.ink;
    pen.beginPath();
    pen.arc(x, y, this.unit, 0, 2 * Math.PI);
    pen.stroke();
    pen.font = theme.font(11);
    pen.fillStyle = theme.muted;
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    for (let i = 0; i <= 4; i++) {
      const angle = (Math.PI * i) / 4, [tx, ty] = this.at(1.22 * Math.cos(angle), 1.13 * Math.sin(angle) + 0.08);
      pen.fillText(`${Number(((nyquist * i) / 4000).toFixed(1))}${i === 4 ? " kHz" : ""}`, tx, ty);
    }
  }

  // From the frequency that is read to every zero (solid) and pole (dashed).
  rulers(pen, theme, points, omega) {
    const [x, y] = this.at(Math.cos(omega), Math.sin(omega));
    for (const kind of ["zero", "pole"]) {
      pen.strokeStyle = theme.palette[hue(kind)];
      pen.lineWidth = 1;
      pen.setLineDash(kind === "pole" ? [5, 4] : []);
      for (const [re, im] of rootsOf(points, kind)) {
        pen.beginPath();
        pen.moveTo(x, y);
        pen.lineTo(...this.at(re, im));
        pen.stroke();
      }
    }
    pen.setLineDash([]);
    dot(pen, theme.palette[2], x, y);
  }

  mark(pen, theme, point, im, on) {
    const [x, y] = this.at(point.re, im), size = 6.5;
    if (on) {
      pen.fillStyle = theme.palette[hue(point.kind)];
      pen.globalAlpha = 0.22;
      pen.beginPath();
      pen.arc(x, y, 15, 0, 2 * Math.PI);
      pen.fill();
      pen.globalAlpha = 1;
    }
    pen.strokeStyle = theme.palette[hue(point.kind)];
    pen.lineWidth = on ? 3.2 : 2.2;
    pen.beginPath();
    if (point.kind === "zero") pen.arc(x, y, size, 0, 2 * Math.PI);
    else for (const side of [-1, 1]) { pen.moveTo(x - size, y - side * size); pen.lineTo(x + size, y + side * size); }
    pen.stroke();
    if (point.real || point.im) return;
    pen.fillStyle = theme.ink; // a pair that met on the axis
    pen.font = theme.font(11, "700");
    pen.textAlign = "left";
    pen.fillText("2", x + 8, y - 10);
  }
}

export function dot(pen, colour, x, y) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, 5, 0, 2 * Math.PI);
  pen.fill();
}

// What a point is, in words: where its pair stands, and how long a pole rings.
export function describePoint(point, rate, ring) {
  const radius = radiusOf(point), name = point.real || !point.im ? point.kind : `${point.kind} pair`;
  const hz = Math.round((Math.atan2(point.im, point.re) / (2 * Math.PI)) * rate);
  const life = point.kind === "zero" ? "" : radius < 1 ? ` \u00b7 loses 60 dB in ${ring} ms` : " \u00b7 grows for ever";
  return `${name} at ${hz} Hz, radius ${radius.toFixed(3)}${life}`;
}
