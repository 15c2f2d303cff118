// A fit, step by step: the loss curve with its snapshots, the sound of each, and the target to compare with.
import { themeOf, onThemeChange, PALETTE } from "./common/theme.js";
import { make, choice } from "./common/dom.js";
import { sketch, onDrag } from "./common/canvas.js";
import { Axes, LEFT, tickText } from "./common/axes.js";
import { decode, Deck } from "./common/audio.js";
import { Strips } from "./common/strips.js";
import { Transport, follow } from "./common/transport.js";

const CURVE_HEIGHT = 150;

// Steps run on a logarithmic axis from the first step on: early steps change most.
const place = (step) => Math.log10(step + 1);

async function render({ model, el }) {
  const steps = model.get("steps"), losses = model.get("losses"), readouts = model.get("readouts");
  const curve = model.get("curve"), hasTarget = model.get("has_target"), note = model.get("note");
  const root = make("div", { class: "dds", role: "group", "aria-label": `Replay of a fit, ${steps.length} snapshots` });
  root.append(make("div", { class: "busy" }, "Decoding the sounds\u2026"));
  el.append(root);
  const buffers = await Promise.all(model.get("sounds").map(
    (sound) => decode(sound, model.get("sample_rate"), model.get("n_samples"))));

  const last = steps.length - 1;
  let shown = 0, theme;
  const deck = new Deck(buffers, update);
  const strips = new Strips(buffers);
  const step = choice("step 0", PALETTE[1], () => hear(shown), hasTarget ? "2" : null);
  const target = choice("target", PALETTE[0], () => hear(last + 1), "1");
  const transport = new Transport(deck, hasTarget ? [target, step] : [step]);
  const state = make("div", { class: "foot", "aria-live": "polite" });
  const slider = make("input", { type: "range", min: "0", max: String(last), step: "1", value: "0", "aria-label": "Snapshot",
    oninput: () => show(Number(slider.value)) });
  root.replaceChildren(transport.bar);
  const plot = sketch(root, CURVE_HEIGHT, drawCurve);
  plot.canvas.setAttribute("role", "img");
  plot.canvas.setAttribute("aria-label", `Loss over steps, from ${losses[0].toPrecision(3)} to ${losses[last].toPrecision(3)}`);
  root.append(slider, state);
  const view = sketch(root, Strips.height(hasTarget ? 2 : 1), draw);
  root.append(make("div", { class: "foot" },
    make("span", { class: "keys" }, "Space plays, \u2191\u2193 go through the snapshots, \u2190\u2192 seek."), strips.scale));
  if (note) root.append(make("div", { class: "foot" }, note));

  function restyle() {
    theme = themeOf(root);
    strips.restyle(theme);
    target.firstChild.style.setProperty("--colour", theme.palette[0]);
    step.firstChild.style.setProperty("--colour", theme.palette[1]);
    plot.redraw();
    view.redraw();
  }

  function curveAxes(width) {
    const logs = [...curve.map((point) => point[1]), ...losses].filter((loss) => loss > 0).map(Math.log10);
    const low = Math.min(...logs), high = Math.max(...logs), room = 0.08 * (high - low) || 0.5;
    return new Axes({ left: LEFT + 8, top: 8, width: width - LEFT - 18, height: CURVE_HEIGHT - 48 },
      [0, place(Math.max(curve.at(-1)[0], steps[last], 1))], [low - room, high + room]);
  }

  function drawCurve(pen, width) {
    const axes = curveAxes(width), height = (loss) => Math.log10(Math.max(loss, 1e-30));
    drawLogTicks(pen, axes, theme);
    axes.curve(pen, theme.muted, curve.map((point) => place(point[0])), curve.map((point) => height(point[1])), 1.5);
    steps.forEach((each, i) => {
      pen.beginPath();
      pen.arc(axes.x(place(each)), axes.y(height(losses[i])), i === shown ? 7 : 4, 0, 7);
      pen.fillStyle = i === shown ? theme.palette[1] : theme.paper;
      pen.fill();
      pen.lineWidth = 2;
      pen.strokeStyle = i === shown ? theme.paper : theme.palette[1];
      pen.stroke();
    });
  }

  function draw(pen, width) {
    const rows = [{ sound: shown, label: `step ${steps[shown]}`, colour: theme.palette[1], heard: deck.chosen <= last }];
    if (hasTarget) rows.unshift({ sound: last + 1, label: "target", colour: theme.palette[0], heard: deck.chosen > last });
    strips.draw(pen, width, rows, deck.position);
  }

  // Scrubbing changes what is heard, if anything is; it does not start to play.
  function show(i) {
    shown = Math.min(Math.max(i, 0), last);
    slider.value = String(shown);
    deck.choose(shown);
  }
  function hear(sound) {
    deck.choose(sound);
    deck.play();
  }

  function update() {
    slider.setAttribute("aria-valuetext", `step ${steps[shown]}, loss ${losses[shown].toPrecision(3)}`);
    step.childNodes[1].textContent = `step ${steps[shown]}`;
    state.textContent = [`step ${steps[shown]}`, `loss ${losses[shown].toPrecision(3)}`, ...readouts[shown]].join("  \u00b7  ");
    const heardTarget = deck.chosen > last;
    transport.update(hasTarget && !heardTarget ? 1 : 0);
    transport.position(view.canvas, `${deck.position.toFixed(1)} seconds, ${heardTarget ? "target" : `step ${steps[shown]}`}`);
    plot.redraw();
    follow(deck, root, () => {
      transport.showTime();
      view.redraw();
    });
  }

  onDrag(plot.canvas, (x) => {
    const position = curveAxes(plot.canvas.clientWidth).xValue(x);
    const distances = steps.map((each) => Math.abs(place(each) - position));
    show(distances.indexOf(Math.min(...distances)));
  });
  onDrag(view.canvas, (x) => deck.seek(strips.axes(0, view.canvas.clientWidth).xValue(x)));
  transport.keys(root, {
    ArrowUp: () => show(shown + 1),
    ArrowDown: () => show(shown - 1),
    ...(hasTarget && { 1: () => hear(last + 1), 2: () => hear(shown) }),
  });
  restyle();
  update();
  const unwatch = onThemeChange(restyle);
  return () => { unwatch(); plot.remove(); view.remove(); deck.remove(); };
}

// Ticks at powers of ten on both axes.
function drawLogTicks(pen, axes, theme) {
  const bottom = axes.top + axes.height;
  pen.font = theme.font(11);
  pen.fillStyle = theme.muted;
  axes.line(pen, theme.edge, [[axes.left, axes.top], [axes.left, bottom], [axes.left + axes.width, bottom]]);
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const step of [0, 1, 10, 100, 1000, 10000, 100000].filter((each) => place(each) <= axes.xRange[1])) {
    pen.fillText(String(step), axes.x(place(step)), bottom + 6);
  }
  pen.fillText("step", axes.left + axes.width / 2, bottom + 21);
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  const [low, high] = axes.yRange, whole = Math.ceil((high - low) / 4);
  for (let power = Math.ceil(low); power <= high; power += whole) {
    axes.line(pen, theme.edge, [[axes.left, axes.y(power)], [axes.left + axes.width, axes.y(power)]], 1, [2, 4]);
    pen.fillText(power < -2 || power > 3 ? `1e${tickText(power)}` : tickText(Number((10 ** power).toPrecision(1))), axes.left - 6, axes.y(power));
  }
  pen.save();
  pen.translate(9, axes.top + axes.height / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center";
  pen.fillText("loss", 0, 0);
  pen.restore();
}

export default { render };
