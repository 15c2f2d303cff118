"""Small silent animations: H.264 inside the page, 20 to 60 kB, no external player.

Chapters: losses, oscillator.
"""

import base64
import html
import tempfile
from pathlib import Path

import matplotlib.figure
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from helpers.plots._base import styled

# crf and tune were chosen on line drawings: no visible blur at 720 px, a fiftieth of matplotlib's jshtml.
_X264 = ["-crf", "28", "-preset", "slow", "-tune", "animation", "-movflags", "+faststart"]


class Video:
    """An H.264 film as a data URI, with its description for those who cannot see it.

    Args:
        data: the bytes of an MP4 file.
        label: what the film shows; the text alternative.
    """

    def __init__(self, data, label):
        self.data, self.label = data, str(label)

    def _repr_html_(self):
        uri = f"data:video/mp4;base64,{base64.b64encode(self.data).decode()}"
        return (f'<video class="animation" controls muted playsinline loop preload="auto" style="max-width:100%" '
                f'aria-label="{html.escape(self.label)}" src="{uri}"></video>')

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def __repr__(self):
        return f"<Video {self.label!r}, {len(self.data) / 1000:.0f} kB>"


@styled
def animation(draw, frames, figsize=(7.2, 2.8), fps=16, *, label):
    """A small film of a figure.

    Args:
        draw: ``draw(ax, frame)`` draws one picture into empty axes.
        frames: how many pictures, or the sequence of what to hand to ``draw``.
        figsize: in inches (100 pixels each).
        fps: pictures a second.
        label: what the film shows, for those who cannot see it.

    Returns:
        a `Video`.
    """
    frames = range(frames) if isinstance(frames, int) else frames
    fig = matplotlib.figure.Figure(figsize=figsize, dpi=150)
    canvas, ax = FigureCanvasAgg(fig), fig.subplots()
    width, height = (int(v) // 2 * 2 for v in canvas.get_width_height())  # H.264 halves the colour grid

    def picture(frame):
        ax.clear()
        draw(ax, frame)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[:height, :width, :3]

    return Video(film(map(picture, frames), (width, height), fps), label)


def film(pictures, size, fps):
    """Encode RGB pictures.

    Args:
        pictures: iterable of (height, width, 3) uint8 arrays, height and width even.
        size: (width, height) in pixels.
        fps: pictures a second.

    Returns:
        the bytes of an MP4 file.
    """
    import imageio_ffmpeg

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "film.mp4"))
        writer = imageio_ffmpeg.write_frames(path, size, fps=fps, codec="libx264", quality=None, macro_block_size=2,
                                             pix_fmt_in="rgb24", pix_fmt_out="yuv420p", output_params=_X264)
        writer.send(None)
        for picture in pictures:
            writer.send(np.ascontiguousarray(picture))
        writer.close()
        return Path(path).read_bytes()
