// A sound of one's own: drop a file, choose one, or record. Python gets it as WAV, one channel, at its sample rate.
import { themeOf, onThemeChange } from "./common/theme.js";
import { make } from "./common/dom.js";
import { sketch } from "./common/canvas.js";

const VIEW_HEIGHT = 72;
const NO_KERNEL = "This needs a kernel: run the cell in JupyterLab (make lab), or give a path in the next cell.";
const ASK = "Drop a sound file here, choose one, or record.";

// Samples in [-1, 1] as a WAV file of 16 bits, one channel.
export function toWav(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  const numbers = [[4, 36 + 2 * samples.length], [16, 16], [24, rate], [28, 2 * rate], [40, 2 * samples.length]];
  numbers.forEach(([at, value]) => view.setUint32(at, value, true));
  [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(([at, value]) => view.setUint16(at, value, true));
  [[0, "RIFF"], [8, "WAVE"], [12, "fmt "], [36, "data"]].forEach(([at, letters]) => text(at, letters));
  samples.forEach((value, n) => view.setInt16(44 + 2 * n, Math.round(32767 * Math.max(-1, Math.min(1, value))), true));
  return view;
}

// The mean of all channels, turned down where it would clip.
export function mixDown(channels) {
  const mean = Float32Array.from(channels[0], (_, n) => channels.reduce((sum, channel) => sum + channel[n], 0) / channels.length);
  const peak = mean.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return mean.map((value) => value / peak);
}

// A style sheet may give a display of its own to what is hidden.
const reveal = (element, on) => { element.style.display = on ? "" : "none"; };

function render({ model, el }) {
  const rate = model.get("sample_rate"), longest = model.get("longest_s");
  let samples = null, theme, recorder = null, ready = false;
  const say = make("p", { class: "try", role: "status" }, NO_KERNEL);
  const file = make("input", { type: "file", accept: "audio/*,.wav,.flac,.ogg,.mp3,.aif,.aiff,.m4a", hidden: "",
    onchange: () => file.files[0] && take(file.files[0], file.files[0].name) });
  const choose = make("button", { type: "button", onclick: () => file.click() }, "Choose a file");
  const record = make("button", { type: "button", onclick: () => (recorder ? recorder.stop() : listen()) }, "Record");
  const bar = make("div", { class: "bar" }, choose, record, file);
  reveal(bar, false);
  reveal(record, Boolean(navigator.mediaDevices?.getUserMedia)); // a page from a file, or without https, has no microphone
  const root = make("div", { class: "dds", role: "group", "aria-label": "A sound of your own" }, say, bar);
  el.append(root);
  const view = sketch(root, VIEW_HEIGHT, draw);
  view.canvas.setAttribute("role", "img");
  reveal(view.canvas, false);

  async function take(blob, name) {
    say.textContent = `Reading ${name}\u2026`;
    try {
      // Decoding in a context of that rate resamples, with the browser's band-limiting.
      const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await blob.arrayBuffer());
      if (decoded.duration > longest) throw new Error(`it lasts ${Math.round(decoded.duration)} s, at most ${longest} s fit through here: give its path instead`);
      samples = mixDown(Array.from({ length: decoded.numberOfChannels }, (_, c) => decoded.getChannelData(c)));
      model.set("name", name);
      model.set("data", toWav(samples, rate));
      model.save_changes();
      say.textContent = `${name}: ${decoded.duration.toFixed(2)} s. Now run the next cells.`;
      reveal(view.canvas, true);
      view.canvas.setAttribute("aria-label", `The waveform of ${name}`);
      view.redraw();
    } catch (error) {
      const reason = error.name === "EncodingError" ? "the browser cannot decode it" : error.message;
      say.textContent = `${name} cannot be used: ${reason}.`;
    }
  }

  async function listen() {
    try {
      // What helps a telephone call spoils a sound: no processing.
      const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
      const parts = [];
      recorder = new MediaRecorder(stream);
      recorder.ondataavailable = ({ data }) => parts.push(data);
      recorder.onstop = () => {
        stream.getTracks().forEach((track) => track.stop());
        recorder = null;
        record.textContent = "Record";
        take(new Blob(parts), "recording");
      };
      recorder.start();
      record.textContent = "Stop";
      say.textContent = "Recording. Press Stop when you are done.";
    } catch (error) {
      say.textContent = `The microphone cannot be used: ${error.message}.`;
    }
  }

  function draw(pen, width) {
    if (!theme || !samples) return;
    pen.fillStyle = theme.palette[0];
    for (let x = 0; x < width; x++) {
      const from = Math.floor((x / width) * samples.length), to = Math.max(from + 1, Math.floor(((x + 1) / width) * samples.length));
      let peak = 0;
      for (let n = from; n < to; n++) peak = Math.max(peak, Math.abs(samples[n]));
      pen.fillRect(x, VIEW_HEIGHT / 2 * (1 - peak), 1, Math.max(1, VIEW_HEIGHT * peak));
    }
  }

  const over = (event, on) => { event.preventDefault(); event.stopPropagation(); root.style.outline = on ? "3px dashed var(--accent)" : ""; };
  root.addEventListener("dragover", (event) => over(event, ready));
  root.addEventListener("dragleave", (event) => over(event, false));
  root.addEventListener("drop", (event) => {
    over(event, false);
    const [dropped] = event.dataTransfer.files;
    if (dropped && ready) take(dropped, dropped.name);
  });
  const restyle = () => { theme = themeOf(root); view.redraw(); };
  const answered = () => {
    if (ready) return;
    ready = true;
    reveal(bar, true);
    say.textContent = ASK;
  };
  model.on("msg:custom", answered);
  model.send({ kind: "hello" }); // only a kernel answers
  restyle();
  const unwatch = onThemeChange(restyle);
  return () => { model.off("msg:custom", answered); recorder?.stop(); unwatch(); view.remove(); };
}

export default { render };
