// Steady sine tones that can be moved while they sound. The rules of audio.js hold here too.
import { audioContext, claimPage, FADE_S, onOtherSound } from "./audio.js";

const LEVEL = 0.22; // of each: two of them stay far below full scale

export class Tones {
  constructor(frequencies, onChange) {
    Object.assign(this, { frequencies, onChange, heard: frequencies.map((_, i) => i === frequencies.length - 1), playing: false });
    this.removers = onOtherSound(this, () => this.pause());
  }

  play() {
    if (this.playing) return;
    const context = (this.context = audioContext());
    claimPage(this);
    this.voices = this.frequencies.map((frequency, i) => {
      const tone = new OscillatorNode(context, { frequency }), level = new GainNode(context, { gain: 0 });
      tone.connect(level).connect(context.destination);
      tone.start();
      level.gain.setTargetAtTime(LEVEL * this.heard[i], context.currentTime, FADE_S);
      return { tone, level };
    });
    this.playing = true;
    this.onChange();
  }

  pause() {
    if (!this.playing) return;
    for (const { tone, level } of this.voices) {
      level.gain.setTargetAtTime(0, this.context.currentTime, FADE_S);
      tone.stop(this.context.currentTime + 8 * FADE_S);
    }
    this.playing = false;
    this.onChange();
  }
  toggle() { if (this.playing) this.pause(); else this.play(); }

  // Which tones are heard: yes or no, or how loud.
  listen(heard) {
    this.heard = heard;
    if (this.playing) this.voices.forEach(({ level }, i) => level.gain.setTargetAtTime(LEVEL * heard[i], this.context.currentTime, FADE_S));
    this.onChange();
  }

  tune(i, hz) {
    this.frequencies[i] = hz;
    if (this.playing) this.voices[i].tone.frequency.setTargetAtTime(hz, this.context.currentTime, FADE_S);
  }

  remove() { this.pause(); this.removers.forEach((remove) => remove()); }
}
