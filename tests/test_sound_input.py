"""The place to drop a sound: what arrives in Python, what it says without a kernel, and what it refuses."""

import base64
import contextlib
import io

import numpy as np
import pytest
import soundfile
import torch

from helpers import recordings, widgets
from helpers.widgets._bundle import bundle, style
from tests import browser
from tests.widget_page import write_page

RATE = 16_000
# A kernel's side of the widget: it answers, and keeps what it is given.
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>x</title><style>{style}</style><body></body>
<script type="text/plain" id="code">{code}</script><script type="module">
const state = {{ sample_rate: 16000, longest_s: 240, name: "", data: null }}, heard = [];
globalThis.state = state;
const model = {{ get: (key) => state[key], set: (key, value) => {{ state[key] = value; }}, save_changes() {{}}, off() {{}},
  on: (name, listener) => heard.push(listener), send: () => heard.forEach((listener) => listener({{ kind: "kernel" }})) }};
const code = document.getElementById("code").textContent;
const module = await import(URL.createObjectURL(new Blob([code], {{ type: "text/javascript" }})));
await module.default.render({{ model, el: document.body }});
globalThis.bytes = () => btoa(Array.from(new Uint8Array(state.data.buffer), (byte) => String.fromCharCode(byte)).join(""));
</script></html>"""
DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)), transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  document.querySelector(".dds").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
}"""


@contextlib.contextmanager
def page_with_kernel(folder, monkeypatch, *flags):
    monkeypatch.setattr(browser, "FLAGS", [*browser.FLAGS, *flags])
    (folder / "page.html").write_text(PAGE.format(style=style(), code=bundle("sound_input.js")), encoding="utf-8")
    with browser.serve(folder) as address, browser.chromium() as running, browser.visit(running, address, "page.html", width=390) as seen:
        seen.page.get_by_text("Choose a file").wait_for()
        yield seen.page
        assert seen.console == [] and seen.external == []


def drop(page, name, content):
    page.evaluate(DROP, [name, base64.b64encode(content).decode()])


def arrived(page, text):
    """What Python makes of the bytes, once the page says `text`."""
    page.get_by_text(text).wait_for()
    widget = widgets.SoundInput()
    widget.set_state({"name": page.evaluate("state.name"), "data": memoryview(base64.b64decode(page.evaluate("bytes()")))})
    return widget


def encoded(samples, rate, kind):
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, format=kind)
    return stream.getvalue()


def tone(rate, seconds=1.0, hz=440):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def test_dropped_files_arrive(tmp_path, monkeypatch):
    with page_with_kernel(tmp_path, monkeypatch) as page:
        for kind, rate in (("WAV", 16_000), ("FLAC", 44_100), ("OGG", 48_000)):
            left = tone(rate)
            drop(page, f"a.{kind}", encoded(np.stack([left, 0.5 * left], axis=1), rate, kind))
            widget = arrived(page, f"a.{kind}: 1.00 s")
            sound = widget.sound()
            assert sound.dtype == torch.float32 and sound.shape == (1, pytest.approx(RATE, abs=100))
            inner = sound[0, 4000:12_000]  # the browser's resampler takes a few samples off the end
            assert float(inner.square().mean().sqrt()) == pytest.approx(0.75 * 0.5 / 2**0.5, rel=0.02)
            assert int(torch.fft.rfft(inner).abs().argmax()) == 220  # 440 Hz in half a second
        assert repr(widget) == "<SoundInput, a.OGG>"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        boxes = [button.bounding_box() for button in page.locator("button:visible").all()]
        assert len(boxes) == 2 and all(min(box["width"], box["height"]) >= 44 for box in boxes)


def test_a_chosen_file_arrives_bit_by_bit(tmp_path, monkeypatch):
    with page_with_kernel(tmp_path, monkeypatch) as page:
        samples = np.round(32767 * 0.9 * np.random.default_rng(0).uniform(-1, 1, 4000)) / 32767
        (tmp_path / "noise.wav").write_bytes(encoded(samples, RATE, "WAV"))
        page.set_input_files("input[type=file]", tmp_path / "noise.wav")
        sound = arrived(page, "noise.wav: 0.25 s").sound()
        assert float((sound[0] - torch.from_numpy(samples)).abs().max()) < 2 / 32767


def test_what_cannot_be_used_is_said(tmp_path, monkeypatch):
    with page_with_kernel(tmp_path, monkeypatch) as page:
        drop(page, "text.wav", b"once upon a time")
        page.get_by_text("text.wav cannot be used: the browser cannot decode it.").wait_for()
        drop(page, "long.flac", encoded(tone(8000, 250), 8000, "FLAC"))
        page.get_by_text("long.flac cannot be used: it lasts 250 s, at most 240 s").wait_for()
        assert page.evaluate("state.data === null")


def test_the_microphone(tmp_path, monkeypatch):
    fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with page_with_kernel(tmp_path, monkeypatch, *fake) as page:
        page.get_by_role("button", name="Record").click()
        page.get_by_role("button", name="Stop").wait_for()
        page.wait_for_timeout(700)
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("button", name="Record").wait_for()
        widget = arrived(page, "Now run the next cells")
        assert widget.name == "recording" and len(widget.data) > 44 + 2 * 0.3 * RATE


def test_a_microphone_that_is_refused(tmp_path, monkeypatch):
    with page_with_kernel(tmp_path, monkeypatch) as page:
        page.get_by_role("button", name="Record").click()
        page.get_by_text("The microphone cannot be used").wait_for()


def test_without_a_kernel_it_says_so(tmp_path):
    write_page(tmp_path, widgets.SoundInput())
    with browser.chromium() as running, browser.visit(running, tmp_path.as_uri(), "page.html", width=390) as seen:
        assert "This needs a kernel" in seen.page.inner_text(".dds")
        assert seen.page.locator("button:visible, canvas:visible").count() == 0
        assert seen.console == [] and seen.external == []


def test_the_python_side(monkeypatch):
    widget = widgets.SoundInput(8000)
    assert widget.sound() is None and repr(widget) == "<SoundInput, no sound yet>"
    answers = []
    monkeypatch.setattr(type(widget), "send", lambda self, content, buffers=None: answers.append(content))
    widget._handle_custom_msg({"kind": "hello"}, [])
    assert answers == [{"kind": "kernel"}]
    widget.set_state({"name": "a.wav", "data": memoryview(encoded(tone(8000), 8000, "WAV"))})
    assert widget.sound().shape == (1, 8000)
    widget.set_state({"name": "a.wav", "data": memoryview(encoded(0 * tone(8000), 8000, "WAV"))})
    with pytest.raises(ValueError, match="a.wav holds only silence"):
        widget.sound()
    widget.set_state({"data": None})
    assert widget.sound() is None
    assert widget.longest_s < recordings.LONGEST_S
