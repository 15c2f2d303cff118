// Sound: only on a press, one thing on a page at a time, without clicks, and never when the page is out of sight.

const STARTED = "introddsp:started";
export const FADE_S = 0.01;

// All widgets of a page share one context; a browser allows few. The first press creates it.
export function audioContext() {
  const context = (globalThis.introddspAudio ??= new AudioContext());
  if (context.state === "suspended") context.resume();
  return context;
}

// Whoever starts to sound silences everything else on the page.
export function claimPage(owner) {
  document.dispatchEvent(new CustomEvent(STARTED, { detail: owner }));
  document.querySelectorAll("audio").forEach((sound) => sound.pause());
}

// Calls `stop` when something else sounds or the page is out of sight. Returns the ways to stop listening.
export function onOtherSound(owner, stop) {
  return [
    listenTo(document, STARTED, (event) => event.detail !== owner && stop()),
    listenTo(document, "play", (event) => event.target.matches?.("audio") && stop(), true),
    listenTo(document, "visibilitychange", () => document.hidden && stop()),
    listenTo(window, "pagehide", stop),
  ];
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
    this.gains = buffers.map(() => 1);
    this.removers = onOtherSound(this, () => this.pause());
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
    claimPage(this);
    if (this.offset >= this.duration - 0.01) this.offset = 0;
    this.master = new GainNode(this.context, { gain: 0 });
    this.master.connect(this.context.destination);
    this.fade(this.master, 1);
    this.startedAt = this.context.currentTime + 0.005;
    this.voices = this.buffers.map((buffer, i) => this.voice(buffer, this.gainOf(i)));
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

  gainOf(i) { return i === this.chosen ? this.gains[i] : 0; }
  choose(index) {
    this.chosen = index;
    this.level();
    this.onChange();
  }
  setGain(i, gain) {
    this.gains[i] = gain;
    this.level();
  }
  level() { if (this.playing) this.voices.forEach(({ level }, i) => this.fade(level, this.gainOf(i))); }

  replace(i, buffer) {
    this.buffers[i] = buffer;
    if (this.playing) this.seek(this.position);
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

function listenTo(target, name, listener, capture = false) {
  target.addEventListener(name, listener, capture);
  return () => target.removeEventListener(name, listener, capture);
}
