// Several sounds, one heard at a time: switch at the same instant, see all on one decibel scale.
import { themeOf, onThemeChange, decibelColours, PALETTE } from "./common/theme.js";
import { make, icon, press, choice, onKeys } from "./common/dom.js";
import { sketch, onDrag } from "./common/canvas.js";
import { Axes } from "./common/axes.js";
import { decode, Deck } from "./common/audio.js";
import { pictureFrames, picture, loudestOf } from "./common/spectrum.js";

const RANGE_DB = 80;
const STRIP = 96, GAP = 8, LEFT = 34, FOOT = 36;

async function render({ model, el }) {
  const labels = model.get("labels"), rate = model.get("sample_rate"), length = model.get("n_samples");
  const root = make("div", { class: "dds", role: "group", "aria-label": `Compare ${labels.join(", ")}` });
  root.append(make("div", { class: "busy" }, "Decoding the sounds\u2026"));
  el.append(root);
  const buffers = await Promise.all(model.get("sounds").map((sound) => decode(sound, rate, length)));
  const frames = buffers.map((buffer) => pictureFrames(buffer.getChannelData(0), rate));
  const loudest = loudestOf(frames);
  const deck = new Deck(buffers, update);

  const play = make("button", { type: "button", class: "play", onclick: () => deck.toggle() });
  const choices = labels.map((label, i) => choice(label, PALETTE[i % PALETTE.length], () => listen(i), i < 9 && String(i + 1)));
  const repeat = make("button", { type: "button", class: "quiet", "aria-label": "Repeat", title: "Repeat",
    onclick: () => deck.repeat(!deck.loop) }, icon("repeat"));
  const clock = make("span", { class: "clock" });
  const keys = make("span", { class: "keys" }, "Space plays, digits or \u2191\u2193 switch, \u2190\u2192 seek.");
  const ramp = make("span", { class: "ramp" });
  const scale = make("span", { class: "scale" }, `\u2212${RANGE_DB}`, ramp, "0 dB");
  root.replaceChildren(make("div", { class: "bar" }, play, ...choices, repeat, clock));
  const height = labels.length * (STRIP + GAP) + FOOT;
  const view = sketch(root, height, draw);
  const { canvas } = view;
  for (const [name, value] of Object.entries({ role: "slider", tabindex: "0", "aria-label": "Position",
    "aria-valuemin": "0", "aria-valuemax": deck.duration.toFixed(2) })) canvas.setAttribute(name, value);
  root.append(make("div", { class: "foot" }, keys, scale));
  if (model.get("note")) root.append(make("div", { class: "foot" }, model.get("note")));

  let theme, pictures;
  function restyle() {
    theme = themeOf(root);
    const colours = decibelColours(theme.dark);
    pictures = frames.map((each) => picture(each, loudest, RANGE_DB, colours));
    const stops = [0, 51, 102, 153, 204, 255].map((i) => `#${(colours[i] & 0xffffff).toString(16).padStart(6, "0").match(/../g).reverse().join("")}`);
    ramp.style.background = `linear-gradient(to right, ${stops})`;
    choices.forEach((button, i) => button.firstChild.style.setProperty("--colour", theme.palette[i % theme.palette.length]));
    view.redraw();
  }

  const axesOf = (i, width) => new Axes({ left: LEFT, top: i * (STRIP + GAP), width: width - LEFT - 2, height: STRIP },
    [0, deck.duration], [0, rate / 2000]);

  function draw(pen, width) {
    pictures.forEach((each, i) => {
      const axes = axesOf(i, width);
      pen.imageSmoothingEnabled = each.width < axes.width;
      pen.drawImage(each, axes.left, axes.top, axes.width, axes.height);
      const colour = theme.palette[i % theme.palette.length], heard = i === deck.chosen;
      pen.strokeStyle = heard ? colour : theme.edge;
      pen.lineWidth = heard ? 2 : 1;
      pen.strokeRect(axes.left, axes.top + 1, axes.width, axes.height - 2);
      tag(pen, axes, labels[i], colour, heard);
      axes.drawY(pen, theme, "", 2);
      pen.fillText("kHz", axes.left - 6, axes.top + 8);
    });
    const axes = axesOf(labels.length - 1, width);
    axes.drawX(pen, theme, "time (s)");
    const x = axes.x(deck.position);
    axes.line(pen, theme.paper, [[x, 0], [x, height - FOOT - GAP]], 4);
    axes.line(pen, theme.ink, [[x, 0], [x, height - FOOT - GAP]], 2);
  }

  function tag(pen, axes, text, colour, heard) {
    pen.font = theme.font(12, heard ? "600" : "");
    const width = pen.measureText(text).width + 14;
    const left = axes.left + axes.width - width - 7;
    pen.fillStyle = heard ? colour : theme.paper;
    pen.beginPath();
    pen.roundRect(left, axes.top + 7, width, 20, 10);
    pen.fill();
    pen.fillStyle = heard ? theme.paper : theme.ink;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillText(text, left + 7, axes.top + 17.5);
  }

  function listen(i) {
    deck.choose((i + labels.length) % labels.length);
    deck.play();
  }

  function tick() {
    if (!root.isConnected) return deck.remove();
    clock.textContent = `${deck.position.toFixed(1)} / ${deck.duration.toFixed(1)} s`;
    view.redraw();
    if (deck.playing) requestAnimationFrame(tick);
  }

  function update() {
    play.replaceChildren(icon(deck.playing ? "pause" : "play"));
    play.setAttribute("aria-label", deck.playing ? "Pause" : "Play");
    choices.forEach((button, i) => press(button, i === deck.chosen));
    press(repeat, deck.loop);
    canvas.setAttribute("aria-valuenow", deck.position.toFixed(2));
    canvas.setAttribute("aria-valuetext", `${deck.position.toFixed(1)} seconds, ${labels[deck.chosen]}`);
    tick();
  }

  onDrag(canvas, (x) => deck.seek(axesOf(0, canvas.clientWidth).xValue(x)));
  const step = Math.max(0.05, deck.duration / 20);
  const digits = Object.fromEntries(labels.slice(0, 9).map((_, i) => [String(i + 1), () => listen(i)]));
  onKeys(root, {
    ...digits,
    " ": (event) => (event.target.matches("button.choice, button.quiet") ? event.target.click() : deck.toggle()),
    ArrowUp: () => listen(deck.chosen - 1),
    ArrowDown: () => listen(deck.chosen + 1),
    ArrowLeft: () => deck.seek(deck.position - step),
    ArrowRight: () => deck.seek(deck.position + step),
  });
  restyle();
  update();
  const unwatch = onThemeChange(restyle);
  return () => { unwatch(); view.remove(); deck.remove(); };
}

export default { render };
