"""A sound of the reader's own, dropped, chosen or recorded. Chapter: synths/your-own-sound."""

import io

import anywidget
import traitlets

from helpers import recordings
from helpers.widgets._bundle import bundle, style

LONGEST_S = 240  # of 16 bits at 16 kHz are 7.7 MB, and Jupyter lets no message of over 10 MB through


class SoundInput(anywidget.AnyWidget):
    """A place to drop a sound file, choose one, or record from the microphone. It needs a kernel.

    The browser decodes the file, so that every kind it plays will do, and sends one channel at `sample_rate`.

    Args:
        sample_rate: in Hz, of what is sent.
    """

    _esm = bundle("sound_input.js")
    _css = style()
    sample_rate = traitlets.Int().tag(sync=True)
    longest_s = traitlets.Float(LONGEST_S).tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True, from_json=lambda value, widget: bytes(value or b""))

    def __init__(self, sample_rate=16000):
        super().__init__(sample_rate=sample_rate)
        self.on_msg(lambda widget, content, buffers: widget.send({"kind": "kernel"}))  # somebody is here

    def sound(self):
        """What was given, as audio, or None when nothing was.

        Returns:
            (1, n) float32 at `sample_rate`.

        Raises:
            ValueError: the sound is silent, or too short.
        """
        if not self.data:
            return None
        stream = io.BytesIO(self.data)
        stream.name = self.name or "the sound"
        return recordings.load_file(stream, self.sample_rate)

    def __repr__(self):
        return f"<SoundInput, {self.name or 'no sound yet'}>"
