"""Figures: they draw what was given, say what the axes are, leave global settings alone, and stay light."""

import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

from helpers import plots, recordings
from helpers.plots import _style

SAMPLE_RATE = 16000


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def tone():
    return torch.sin(2 * torch.pi * 1000 * torch.arange(16000) / SAMPLE_RATE)[None]


DRAWERS = {
    "waveform": lambda x, ax: plots.waveform(x, SAMPLE_RATE, ax=ax),
    "spectrum": lambda x, ax: plots.spectrum(x, SAMPLE_RATE, ax=ax),
    "spectrogram": lambda x, ax: plots.spectrogram(x, SAMPLE_RATE, ax=ax),
    "loss_curve": lambda x, ax: plots.loss_curve(x.abs() + 1, ax=ax),
    "landscape": lambda x, ax: plots.landscape(torch.linspace(0, 1, 16000), x[0], ax=ax, xlabel="gain", mark=0.5),
    "map": lambda x, ax: plots.landscape((torch.arange(4.0), torch.arange(3.0)), torch.rand(3, 4), ax=ax, mark=(1, 1)),
    "poles_zeros": lambda x, ax: plots.poles_zeros([1, 0.5], [1, -1.6, 0.9], ax=ax),
    "bode": lambda x, ax: plots.bode([1.0], [1.0, -0.5], SAMPLE_RATE, ax=ax),
}


@pytest.mark.parametrize("name", DRAWERS)
def test_draws_into_given_axes_with_labels_and_leaves_settings_alone(name, tone):
    before = dict(mpl.rcParams)
    _, ax = plots.figure()
    assert DRAWERS[name](tone, ax) is ax
    assert ax.get_xlabel() and ax.get_ylabel()
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", DRAWERS)
def test_makes_a_figure_of_the_page_width(name, tone):
    axes = DRAWERS[name](tone, None)
    assert np.ravel(axes)[0].figure.get_figwidth() == plots.WIDTH_INCH


def test_waveform_keeps_every_extreme_of_a_long_sound():
    x = torch.zeros(100_000)
    x[41_234], x[77_777] = 1.0, -1.0
    points = plots.waveform(x, SAMPLE_RATE).collections[0].get_paths()[0].vertices
    assert points[:, 1].max() == 1.0 and points[:, 1].min() == -1.0
    assert points[points[:, 1].argmax(), 0] == pytest.approx(41_234 / SAMPLE_RATE, abs=0.01)


def test_spectrum_reads_0_db_at_the_frequency_of_a_full_scale_sine(tone):
    khz, level_db = plots.spectrum(tone, SAMPLE_RATE).lines[0].get_data()
    assert khz[level_db.argmax()] == pytest.approx(1.0, abs=0.01)
    assert level_db.max() == pytest.approx(0.0, abs=0.05)


def test_spectrogram_has_the_tone_in_its_place(tone):
    image = plots.spectrogram(tone, SAMPLE_RATE).images[0]
    cells = image.get_array()
    left, right, bottom, top = image.get_extent()
    row = cells[:, cells.shape[1] // 2].argmax()
    assert bottom + (row + 0.5) / cells.shape[0] * (top - bottom) == pytest.approx(1.0, abs=0.06)
    assert cells.max() == 0.0 and cells.min() == -80.0
    assert left <= 0 and right >= 1.0


def test_bode_of_a_one_pole_filter():
    magnitude, phase = plots.bode([1.0], [1.0, -0.5], SAMPLE_RATE)
    assert magnitude.lines[0].get_ydata()[0] == pytest.approx(20 * np.log10(2), abs=1e-3)
    assert phase.lines[0].get_ydata()[0] == pytest.approx(0.0)


def test_loss_curve_is_logarithmic_only_for_positive_losses():
    assert plots.loss_curve([1.0, 0.1]).get_yscale() == "log"
    assert plots.loss_curve([1.0, 0.0]).get_yscale() == "linear"
    assert len(plots.loss_curve(torch.rand(10, 4)).lines) == 4


def test_poles_and_zeros_in_their_places():
    _, zeros, poles = plots.poles_zeros([1.0, 0.25], [1.0, -1.0, 0.5]).lines
    assert zeros.get_xdata() == pytest.approx([-0.25])
    assert sorted(poles.get_ydata()) == pytest.approx([-0.5, 0.5])


@pytest.mark.parametrize("x", [torch.zeros(2, 5), torch.zeros(0), torch.zeros(1, 1, 4)])
def test_wrong_shapes_are_named(x):
    with pytest.raises(ValueError, match="x must be non-empty with 1 dimensions, got"):
        plots.waveform(x, SAMPLE_RATE)


@pytest.mark.parametrize("n", [1, 2, 7, 1025])
def test_short_sounds_are_drawn(n):
    for draw in (plots.waveform, plots.spectrum, plots.spectrogram):
        draw(torch.ones(n), SAMPLE_RATE).figure.canvas.draw()


@pytest.mark.parametrize("draw, limit", [(plots.waveform, 60_000), (plots.spectrum, 40_000), (plots.spectrogram, 60_000)])
def test_a_figure_of_a_recording_is_light_and_sharp(draw, limit):
    data, size = _style.png(draw(recordings.load("speech"), SAMPLE_RATE).figure)
    picture = Image.open(io.BytesIO(data))
    assert len(data) < limit
    assert size == {"width": 720, "height": 240} and picture.width == 1440
    assert picture.convert("RGB").getpixel((1, 1)) == (255, 255, 255)


def test_decibel_colours_fall_in_lightness():
    rgb = plots.DECIBELS(np.linspace(0, 1, 64))[:, :3]
    assert (np.diff(rgb @ [0.2126, 0.7152, 0.0722]) < 0).all()


def test_animation_is_a_small_h264_film_with_a_description():
    def draw(ax, frame):
        ax.plot([0, 1], [0, frame])
        ax.set_ylim(0, 10)

    film = plots.animation(draw, 10, figsize=(3, 2), label='a "rising" line')
    markup = film._repr_mimebundle_()["text/html"]
    assert film.data[4:8] == b"ftyp" and b"avc1" in film.data and len(film.data) < 40_000
    assert 'aria-label="a &quot;rising&quot; line"' in markup and "muted" in markup and "playsinline" in markup
    assert "autoplay" not in markup
