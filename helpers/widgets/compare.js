// Several sounds, one heard at a time: switch at the same instant, see all on one decibel scale.
import { themeOf, onThemeChange, PALETTE } from "./common/theme.js";
import { make, choice } from "./common/dom.js";
import { sketch, onDrag } from "./common/canvas.js";
import { decode, Deck } from "./common/audio.js";
import { Strips } from "./common/strips.js";
import { Transport, follow } from "./common/transport.js";

async function render({ model, el }) {
  const labels = model.get("labels"), note = model.get("note");
  const root = make("div", { class: "dds", role: "group", "aria-label": `Compare ${labels.join(", ")}` });
  root.append(make("div", { class: "busy" }, "Decoding the sounds\u2026"));
  el.append(root);
  const buffers = await Promise.all(model.get("sounds").map(
    (sound) => decode(sound, model.get("sample_rate"), model.get("n_samples"))));

  const deck = new Deck(buffers, update);
  const strips = new Strips(buffers);
  const choices = labels.map((label, i) => choice(label, PALETTE[i % PALETTE.length], () => listen(i), i < 9 && String(i + 1)));
  const transport = new Transport(deck, choices);
  root.replaceChildren(transport.bar);
  const view = sketch(root, Strips.height(labels.length), draw);
  root.append(make("div", { class: "foot" },
    make("span", { class: "keys" }, "Space plays, digits or \u2191\u2193 switch, \u2190\u2192 seek."), strips.scale));
  if (note) root.append(make("div", { class: "foot" }, note));

  let theme;
  const colour = (i) => theme.palette[i % theme.palette.length];

  function restyle() {
    theme = themeOf(root);
    strips.restyle(theme);
    choices.forEach((button, i) => button.firstChild.style.setProperty("--colour", colour(i)));
    view.redraw();
  }

  function draw(pen, width) {
    const rows = labels.map((label, i) => ({ sound: i, label, colour: colour(i), heard: i === deck.chosen }));
    strips.draw(pen, width, rows, deck.position);
  }

  function listen(i) {
    deck.choose((i + labels.length) % labels.length);
    deck.play();
  }

  function update() {
    transport.update(deck.chosen);
    transport.position(view.canvas, `${deck.position.toFixed(1)} seconds, ${labels[deck.chosen]}`);
    follow(deck, root, () => {
      transport.showTime();
      view.redraw();
    });
  }

  onDrag(view.canvas, (x) => deck.seek(strips.axes(0, view.canvas.clientWidth).xValue(x)));
  const digits = labels.slice(0, 9).map((_, i) => [String(i + 1), () => listen(i)]);
  transport.keys(root, {
    ...Object.fromEntries(digits),
    ArrowUp: () => listen(deck.chosen - 1),
    ArrowDown: () => listen(deck.chosen + 1),
  });
  restyle();
  update();
  const unwatch = onThemeChange(restyle);
  return () => { unwatch(); view.remove(); deck.remove(); };
}

export default { render };
