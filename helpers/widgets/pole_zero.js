// Poles and zeros to drag: the filter's response, its ring, and what it does to a sound.
import { themeOf, onThemeChange } from "./common/theme.js";
import { make, icon, press, onKeys } from "./common/dom.js";
import { sketch, onDrag } from "./common/canvas.js";
import { Deck, toBuffer } from "./common/audio.js";
import { FILTERS, SOUNDS, angleOf, distances, filterSamples, gainDb, isStable, levelled, onAxis, polar, radiusOf, rootsOf, soundOf, t60 } from "./common/recursive.js";
import { ZPlane, describePoint } from "./common/zplane.js";
import { drawGains, drawSamples, gainAxesOf } from "./common/response.js";

const PLANE_HEIGHT = 300, GAIN_HEIGHT = 172, RING_HEIGHT = 128, RING = 480, BINS = 401, SECONDS = 2, MOST = 6;
const WARNING = "M10 1L20 19H0zM9 7v6h2V7zM9 15v2h2v-2z";
const give = (canvas, attributes) => Object.entries(attributes).forEach((pair) => canvas.setAttribute(...pair));
const signed = (db) => `${db < 0 ? "\u2212" : "+"}${Math.abs(db).toFixed(1)}`;

function render({ model, el }) {
  const rate = model.get("sample_rate"), nyquist = rate / 2, length = SECONDS * rate;
  const omegas = Float64Array.from({ length: BINS }, (_, i) => (Math.PI * i) / (BINS - 1));
  let points, gains, ring, chosen = 0, held = -1, read = Math.PI / 4, sound = model.get("sound"), due = 0, theme;
  const root = make("div", { class: "dds", role: "group", "aria-label": "Poles and zeros of a filter" });
  el.append(root);
  const deck = new Deck([toBuffer(new Float32Array(length), rate)], showPlaying);

  const button = (text, onclick) => make("button", { type: "button", class: "choice", onclick }, text);
  const play = make("button", { type: "button", class: "play", onclick: () => deck.toggle() });
  const sounds = SOUNDS.map((name) => button(name, () => { sound = name; sounded(); deck.play(); }));
  const presets = Object.keys(FILTERS).map((name) => button(name, () => start(name)));
  const more = [button("+ poles", () => add("pole")), button("+ zeros", () => add("zero")), button("remove", remove)];
  const readout = make("div", { class: "foot", "aria-live": "polite" }), ruler = make("div", { class: "foot" });
  const warning = make("p", { class: "try", role: "alert", style: "display:flex;gap:7px;align-items:center;font-weight:600;min-height:22px;margin:4px 0" });
  const column = (width) => make("div", { style: `flex:1 1 ${width}px;min-width:0` });
  const left = column(290), right = column(330);
  root.append(make("p", { class: "try" }, "Drag a pole (\u00d7) towards the circle, and out of it. Drag along the response to read it with rulers."),
    make("div", { class: "bar" }, make("span", { class: "name" }, "Filter"), ...presets),
    make("div", { style: "display:flex;flex-wrap:wrap;gap:4px 10px" }, left, right), warning, readout, ruler);
  const plane = sketch(left, PLANE_HEIGHT, drawPlane), gain = sketch(right, GAIN_HEIGHT, drawGain), wave = sketch(right, RING_HEIGHT, drawRing);
  root.append(make("div", { class: "bar", style: "margin-top:8px" }, play, ...sounds, ...more),
    make("div", { class: "foot keys" }, "Keys: arrows move the point (left and right: frequency, up and down: radius), Page Down takes the next one, Space plays"));
  give(plane.canvas, { role: "slider", tabindex: "0", "aria-label": "Pole or zero: radius", "aria-valuemin": 0, "aria-valuemax": 1.25 });
  give(gain.canvas, { role: "slider", tabindex: "0", "aria-label": "Frequency to read", "aria-valuemin": 0, "aria-valuemax": nyquist });
  give(wave.canvas, { role: "img", "aria-label": `Impulse response, ${RING} samples` });
  Object.assign(plane.canvas.style, { cursor: "grab", touchAction: "none" });

  plane.canvas.addEventListener("pointerdown", (event) => { // before onDrag's own, so that the point is known
    const box = plane.canvas.getBoundingClientRect();
    held = planeNow().nearest(points, event.clientX - box.left, event.clientY - box.top);
    if (held >= 0) chosen = held;
  });
  onDrag(plane.canvas, (x, y) => { if (held >= 0) move(...clinging(...planeNow().place(x, y))); });
  onDrag(gain.canvas, (x) => { read = (Math.PI * gainAxes(gain.canvas.clientWidth).xValue(x)) / nyquist; show(); });

  function planeNow() { return new ZPlane(plane.canvas.clientWidth, PLANE_HEIGHT); }
  function start(name) { chosen = 0; set(FILTERS[name](rate)); presets.forEach((each) => press(each, each.textContent === name)); }
  function add(kind) {
    if (points.length >= MOST) return;
    chosen = points.length;
    set([...points, polar(kind, kind === "pole" ? 0.9 : 1, (2 + points.length % 3) * (Math.PI / 5))]);
  }
  function remove() {
    if (points.length > 1) set(points.filter((_, i) => i !== chosen), (chosen = Math.max(chosen - 1, 0)));
  }

  // Under a finger, a zero clings to the circle and a pair to the axis.
  function clinging(re, im) {
    const radius = Math.hypot(re, im), snap = points[chosen].kind === "zero" && Math.abs(radius - 1) < 0.03 ? 1 / radius : 1;
    return [re * snap, Math.abs(im) < 0.02 ? 0 : im * snap];
  }

  // The chosen point to a place; its other half stays the mirror image.
  function move(re, im) {
    const { kind, real } = points[chosen];
    const next = real ? onAxis(kind, Math.min(Math.max(re, -1.25), 1.25)) : { kind, re, im: Math.abs(im), real };
    set(points.map((point, i) => (i === chosen ? next : point)));
  }

  function set(next) {
    points = next;
    gains = omegas.map((omega) => gainDb(points, omega));
    ring = filterSamples(points, Float64Array.from({ length: RING }, (_, n) => Number(n === 0)));
    presets.forEach((each) => press(each, false));
    for (const kind of ["pole", "zero"]) model.set(`${kind}s`, rootsOf(points, kind));
    model.save_changes();
    const stable = isStable(points);
    warning.replaceChildren(...(stable ? [] : [icon(WARNING), "Unstable: a pole is on or outside the circle. What it rings never dies. Sound muted."]));
    if (!stable) deck.setGain(0, 0); // at once; the way back waits for new samples
    due ||= setTimeout(sounded, 60);
    show();
  }

  function sounded() {
    clearTimeout(due);
    due = 0;
    if (isStable(points)) {
      deck.gains[0] = 1;
      deck.replace(0, toBuffer(levelled(filterSamples(points, soundOf(sound, length, rate))), rate));
    }
    sounds.forEach((each) => press(each, each.textContent === sound));
  }

  function show() {
    const point = points[chosen], radius = radiusOf(point), db = gainDb(points, read), hz = Math.round((read / Math.PI) * nyquist);
    const product = (kind) => distances(points, kind, read).map((distance) => distance.toPrecision(3)).join(" \u00b7 ") || "1";
    readout.textContent = describePoint(point, rate, (1000 * t60(radius, rate)).toPrecision(3));
    ruler.textContent = `At ${hz} Hz: ${product("zero")} to the zeros, over ${product("pole")} to the poles: ${signed(db)} dB`;
    give(plane.canvas, { "aria-valuenow": radius.toFixed(3), "aria-valuetext": readout.textContent });
    give(gain.canvas, { "aria-valuenow": hz, "aria-valuetext": `${hz} Hz, ${signed(db)} dB` });
    [plane, gain, wave].forEach((each) => each.redraw());
  }

  function showPlaying() {
    play.replaceChildren(icon(deck.playing ? "pause" : "play"));
    give(play, { "aria-label": deck.playing ? "Pause" : "Play" });
  }

  const gainAxes = (width) => gainAxesOf(width, GAIN_HEIGHT, gains, nyquist);
  function drawPlane(pen) { if (theme) planeNow().draw(pen, theme, points, chosen, read, nyquist); }
  function drawGain(pen, width) {
    if (theme) drawGains(pen, theme, gainAxes(width), gains, (read / Math.PI) * nyquist, gainDb(points, read));
  }
  function drawRing(pen, width) {
    if (theme) drawSamples(pen, theme, width, RING_HEIGHT, ring, rate, isStable(points) ? 0 : 1);
  }

  // Keys turn the chosen point about the origin, or move a frequency along the response.
  const nudge = (turn, out) => ({ target }) => {
    if (target === gain.canvas) { read = Math.min(Math.max(read + turn + out, 0), Math.PI); return show(); }
    const point = points[chosen], angle = Math.min(Math.max(angleOf(point) + turn, 0), Math.PI), radius = Math.min(Math.max(radiusOf(point) + out, 0), 1.25);
    return point.real ? move(point.re + turn + out, 0) : move(radius * Math.cos(angle), radius * Math.sin(angle));
  };
  const walk = (by) => () => { chosen = (chosen + by + points.length) % points.length; show(); };
  onKeys(root, { ArrowLeft: nudge(-Math.PI / 160, 0), ArrowRight: nudge(Math.PI / 160, 0), ArrowUp: nudge(0, 0.005), ArrowDown: nudge(0, -0.005),
    PageDown: walk(1), PageUp: walk(-1), Delete: remove, " ": ({ target }) => (target.matches(".choice") ? target.click() : deck.toggle()) });
  const restyle = () => { theme = themeOf(root); show(); };
  start(model.get("preset"));
  deck.repeat(true);
  restyle();
  const unwatch = onThemeChange(restyle);
  return () => { unwatch(); clearTimeout(due); [plane, gain, wave, deck].forEach((each) => each.remove()); };
}

export default { render };
