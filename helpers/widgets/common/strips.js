// Spectrograms of several sounds, one under the other, on one decibel scale, with one cursor.
import { decibelColours } from "./theme.js";
import { Axes, LEFT } from "./axes.js";
import { pictureFrames, picture, loudestOf } from "./picture.js";
import { make } from "./dom.js";

const RANGE_DB = 80, STRIP = 96, GAP = 8, FOOT = 36;

export class Strips {
  constructor(buffers) {
    this.duration = buffers[0].duration;
    this.nyquist = buffers[0].sampleRate / 2000;
    this.frames = buffers.map((buffer) => pictureFrames(buffer.getChannelData(0), buffer.sampleRate));
    this.loudest = loudestOf(this.frames);
    this.ramp = make("span", { class: "ramp" });
    this.scale = make("span", { class: "scale" }, `\u2212${RANGE_DB}`, this.ramp, "0 dB");
  }
  static height(rows) { return rows * (STRIP + GAP) + FOOT - GAP; }

  restyle(theme) {
    this.theme = theme;
    const colours = decibelColours(theme);
    this.pictures = this.frames.map((each) => picture(each, this.loudest, RANGE_DB, colours));
    const css = (word) => `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255})`;
    this.ramp.style.background = `linear-gradient(to right, ${[0, 51, 102, 153, 204, 255].map((i) => css(colours[i]))})`;
  }

  axes(row, width) {
    return new Axes({ left: LEFT, top: row * (STRIP + GAP), width: width - LEFT - 2, height: STRIP },
      [0, this.duration], [0, this.nyquist]);
  }

  // rows: [{ sound, label, colour, heard }]
  draw(pen, width, rows, position) {
    rows.forEach(({ sound, label, colour, heard }, row) => {
      const axes = this.axes(row, width), image = this.pictures[sound];
      pen.imageSmoothingEnabled = image.width < axes.width;
      pen.drawImage(image, axes.left, axes.top, axes.width, axes.height);
      pen.strokeStyle = heard ? colour : this.theme.edge;
      pen.lineWidth = heard ? 2 : 1;
      pen.strokeRect(axes.left, axes.top + 1, axes.width, axes.height - 2);
      this.tag(pen, axes, label, colour, heard);
      axes.drawY(pen, this.theme, "", 2);
      pen.fillText("kHz", axes.left - 6, axes.top + 8);
    });
    const last = this.axes(rows.length - 1, width), x = last.x(position);
    last.drawX(pen, this.theme, "time (s)");
    const cursor = [[x, 0], [x, last.top + last.height]];
    last.line(pen, this.theme.paper, cursor, 4);
    last.line(pen, this.theme.ink, cursor, 2);
  }

  tag(pen, axes, text, colour, heard) {
    pen.font = this.theme.font(12, heard ? "600" : "");
    const width = pen.measureText(text).width + 14;
    const left = axes.left + axes.width - width - 7;
    pen.fillStyle = heard ? colour : this.theme.paper;
    pen.beginPath();
    pen.roundRect(left, axes.top + 7, width, 20, 10);
    pen.fill();
    pen.fillStyle = heard ? this.theme.paper : this.theme.ink;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillText(text, left + 7, axes.top + 17.5);
  }
}
