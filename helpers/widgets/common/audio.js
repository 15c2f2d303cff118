// Sound: only on a press, one thing on a page at a time, without clicks, and never when the page is out of sight.

const STARTED = "introddsp:started";
const FADE_S = 0.01;

// All widgets of a page share one context; a browser allows few. The first press creates it.
function audioContext() {
  const context = (globalThis.introddspAudio ??= new AudioContext());
  if (context.state === "suspended") context.resume();
  return context;
}

// An encoded sound as an AudioBuffer at its own rate. Needs no press, and makes no sound.
export async function decode(view, sampleRate, length) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  const decoded = await new OfflineAudioContext(1, 1, sampleRate).decodeAudioData(bytes.buffer);
  return toBuffer(decoded.getChannelData(0), sampleRate, length);
}

// Samples as an AudioBuffer of exactly `length`, with its ends faded so that a repeat does not click.
export function toBuffer(samples, sampleRate, length = samples.length) {
  const buffer = new AudioBuffer({ length, sampleRate });
  const data = buffer.getChannelData(0);
  data.set(samples.subarray(0, length));
  const fade = Math.min(Math.round(sampleRate * 0.003), length >> 1);
  for (let i = 0; i < fade; i++) {
    data[i] *= i / fade;
    data[length - 1 - i] *= i / fade;
  }
  return buffer;
}

// Plays buffers of equal length in step, one of them heard: choosing another changes nothing but the gains.
export class Deck {
  constructor(buffers, onChange = () => {}) {
    Object.assign(this, { buffers, onChange, chosen: 0, loop: false, playing: false, offset: 0 });
    this.removers = [
      listen(document, STARTED, (event) => event.detail !== this && this.pause()),
      listen(document, "play", (event) => event.target.matches?.("audio") && this.pause(), true),
      listen(document, "visibilitychange", () => document.hidden && this.pause()),
      listen(window, "pagehide", () => this.pause()),
    ];
  }
  get duration() { return this.buffers[0].duration; }
  get position() {
    if (!this.playing) return this.offset;
    const elapsed = this.offset + this.context.currentTime - this.startedAt;
    return Math.max(0, this.loop ? elapsed % this.duration : Math.min(elapsed, this.duration));
  }

  play() {
    if (this.playing) return;
    this.context = audioContext();
    document.dispatchEvent(new CustomEvent(STARTED, { detail: this }));
    document.querySelectorAll("audio").forEach((sound) => sound.pause());
    if (this.offset >= this.duration - 0.01) this.offset = 0;
    this.master = new GainNode(this.context, { gain: 0 });
    this.master.connect(this.context.destination);
    this.fade(this.master, 1);
    this.startedAt = this.context.currentTime + 0.005;
    this.voices = this.buffers.map((buffer, i) => this.voice(buffer, i === this.chosen ? 1 : 0));
    this.playing = true;
    this.voices[0].source.onended = () => this.halt(0);
    this.onChange();
  }

  voice(buffer, gain) {
    const source = new AudioBufferSourceNode(this.context, { buffer, loop: this.loop });
    const level = new GainNode(this.context, { gain });
    source.connect(level).connect(this.master);
    source.start(this.startedAt, this.offset);
    return { source, level };
  }

  fade(node, value) { node.gain.setTargetAtTime(value, this.context.currentTime, FADE_S / 3); }

  pause() { if (this.playing) this.halt(this.position); }
  halt(offset) {
    this.offset = offset;
    this.playing = false;
    this.voices[0].source.onended = null;
    this.fade(this.master, 0);
    for (const { source } of this.voices) source.stop(this.context.currentTime + 3 * FADE_S);
    this.onChange();
  }
  toggle() { if (this.playing) this.pause(); else this.play(); }

  choose(index) {
    this.chosen = index;
    if (this.playing) this.voices.forEach(({ level }, i) => this.fade(level, i === index ? 1 : 0));
    this.onChange();
  }

  seek(seconds) {
    const playing = this.playing;
    if (playing) this.halt(0);
    this.offset = Math.min(Math.max(seconds, 0), this.duration);
    if (playing) this.play();
    else this.onChange();
  }

  repeat(loop) {
    if (this.playing) Object.assign(this, { offset: this.position, startedAt: this.context.currentTime });
    this.loop = loop;
    this.voices?.forEach(({ source }) => { source.loop = loop; });
    this.onChange();
  }

  remove() { this.pause(); this.removers.forEach((remove) => remove()); }
}

function listen(target, name, listener, capture = false) {
  target.addEventListener(name, listener, capture);
  return () => target.removeEventListener(name, listener, capture);
}
