// The bar of a player: play, choices, repeat, clock; and the keys that go with it.
import { make, icon, press, onKeys } from "./dom.js";

export class Transport {
  constructor(deck, choices) {
    this.deck = deck;
    this.choices = choices;
    this.play = make("button", { type: "button", class: "play", onclick: () => deck.toggle() });
    this.repeat = make("button", { type: "button", class: "quiet", "aria-label": "Repeat", title: "Repeat",
      onclick: () => deck.repeat(!deck.loop) }, icon("repeat"));
    this.clock = make("span", { class: "clock" });
    this.bar = make("div", { class: "bar" }, this.play, ...choices, this.repeat, this.clock);
  }

  update(chosen) {
    const { deck } = this;
    this.play.replaceChildren(icon(deck.playing ? "pause" : "play"));
    this.play.setAttribute("aria-label", deck.playing ? "Pause" : "Play");
    this.choices.forEach((button, i) => press(button, i === chosen));
    press(this.repeat, deck.loop);
    this.showTime();
  }
  showTime() { this.clock.textContent = `${this.deck.position.toFixed(1)} / ${this.deck.duration.toFixed(1)} s`; }

  // Space plays or pauses, left and right seek. A focused choice or slider keeps what it does by itself.
  keys(root, more) {
    const { deck } = this;
    const step = Math.max(0.05, deck.duration / 20);
    onKeys(root, {
      " ": ({ target }) => (target.matches(".choice, .quiet") ? target.click() : deck.toggle()),
      ArrowLeft: (event) => (event.target.matches("input") ? more.ArrowDown(event) : deck.seek(deck.position - step)),
      ArrowRight: (event) => (event.target.matches("input") ? more.ArrowUp(event) : deck.seek(deck.position + step)),
      ...more,
    });
  }

  // Makes a canvas of time a slider for those who do not see it.
  position(canvas, text) {
    const { deck } = this;
    const values = { role: "slider", tabindex: "0", "aria-label": "Position in seconds", "aria-valuemin": "0",
      "aria-valuemax": deck.duration.toFixed(2), "aria-valuenow": deck.position.toFixed(2), "aria-valuetext": text };
    for (const [name, value] of Object.entries(values)) canvas.setAttribute(name, value);
  }
}

// Calls `paint` in every frame while the deck plays, once otherwise, until the widget leaves the page.
export function follow(deck, root, paint) {
  if (!root.isConnected) return deck.remove();
  paint();
  if (deck.playing) deck.frame = requestAnimationFrame(() => follow(deck, root, paint));
}
