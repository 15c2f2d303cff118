"""The sound player and the bytes behind every player."""

import base64
import io
import re

import numpy as np
import pytest
import soundfile
import torch

from helpers import players
from tests.browser import chromium, visit
from tests.widget_page import write_page

SAMPLE_RATE = 16000


def sine(n=SAMPLE_RATE, peak=0.5, hz=440):
    return peak * torch.sin(2 * torch.pi * hz * torch.arange(n) / SAMPLE_RATE)


def decoded(data):
    return soundfile.read(io.BytesIO(data))[0]


def test_audio_is_a_labelled_player_that_loads_and_plays_nothing_by_itself():
    markup = players.Audio(sine(), SAMPLE_RATE, 'a <loud> "sine"')._repr_mimebundle_()["text/html"]
    assert 'aria-label="a &lt;loud&gt; &quot;sine&quot;"' in markup and "<loud>" not in markup
    assert "controls" in markup and 'preload="none"' in markup and "autoplay" not in markup
    data = base64.b64decode(re.search(r"data:audio/mpeg;base64,([^\"]+)", markup).group(1))
    assert decoded(data).size == SAMPLE_RATE


@pytest.mark.parametrize("x", [sine(), sine()[None], sine().double(), sine().numpy(), sine().requires_grad_()])
def test_takes_tensors_and_arrays_of_one_channel(x):
    assert players.Audio(x, SAMPLE_RATE, "sine").seconds == 1.0


@pytest.mark.parametrize("x, error, message", [
    (torch.zeros(2, 100), ValueError, r"x must be one channel, \(n,\) or \(1, n\), got \(2, 100\)"),
    (torch.zeros(1, 1, 100), ValueError, "x must be one channel"),
    (torch.tensor(0.5), ValueError, "x must be one channel"),
    (torch.zeros(0), ValueError, "x is empty"),
    (torch.zeros(100, dtype=torch.int16), TypeError, "x must hold floating-point samples, got int16"),
    (torch.tensor([0.0, float("nan"), float("inf")]), ValueError, "x has 2 samples that are NaN or infinite"),
])
def test_bad_sounds_are_refused(x, error, message):
    with pytest.raises(error, match=message):
        players.Audio(x, SAMPLE_RATE, "x")


def test_loud_sound_is_turned_down_and_says_so():
    player = players.Audio(sine(peak=2.0), SAMPLE_RATE, "sine", lossless=True)
    assert np.abs(decoded(player.data)).max() == pytest.approx(10 ** (-1 / 20), abs=1e-3)
    assert "turned down 7.0 dB" in player._repr_html_()


def test_quiet_sound_is_left_as_it_is():
    player = players.Audio(sine(peak=0.01), SAMPLE_RATE, "sine", lossless=True)
    assert np.abs(decoded(player.data)).max() == pytest.approx(0.01, abs=1e-4)
    assert "turned down" not in player.label


@pytest.mark.parametrize("rate, mime", [(16000, "audio/mpeg"), (44100, "audio/mpeg"), (10000, "audio/flac"), (96000, "audio/flac")])
def test_format_follows_the_rate(rate, mime):
    data, got = players.encode(sine(8000).numpy(), rate)
    assert got == mime and soundfile.info(io.BytesIO(data)).samplerate == rate and decoded(data).size == 8000


@pytest.mark.parametrize("rate", [0, 100, 16000.5, 1_000_000])
def test_rates_no_browser_plays_are_refused(rate):
    with pytest.raises(ValueError, match="sample_rate must be a whole number from 3000 to 192000 Hz"):
        players.Audio(sine(), rate, "sine")


def test_lossless_keeps_the_samples():
    x = sine().numpy()
    assert np.abs(decoded(players.encode(x, SAMPLE_RATE, lossless=True)[0]) - x).max() < 1 / 32000


@pytest.mark.parametrize("n", [1, 2, 1000, 5000])
def test_short_sounds_keep_their_length(n):
    assert decoded(players.Audio(sine(n), SAMPLE_RATE, "sine").data).size == n


def test_four_seconds_stay_light():
    x = torch.randn(4 * SAMPLE_RATE, generator=torch.Generator().manual_seed(0)) * 0.1
    assert len(players.Audio(x, SAMPLE_RATE, "noise")._repr_html_()) < 60_000


DECODE = """async () => {
  const bytes = await (await fetch(document.querySelector("audio").src)).arrayBuffer();
  const samples = (await new OfflineAudioContext(1, 1, 16000).decodeAudioData(bytes)).getChannelData(0);
  let peak = 0;
  samples.forEach((value, i) => { if (Math.abs(value) > Math.abs(samples[peak])) peak = i; });
  return [samples.length, peak];
}"""


def test_browser_decodes_to_the_same_length_without_delay(tmp_path):
    x = torch.zeros(16000)
    x[8000] = 0.9
    write_page(tmp_path, body=players.Audio(x, SAMPLE_RATE, "click")._repr_html_())
    with chromium() as browser, visit(browser, tmp_path.as_uri(), "page.html") as seen:
        length, peak = seen.page.evaluate(DECODE)
        assert abs(length - 16000) <= 1 and abs(peak - 8000) <= 1
        assert seen.console == []


def test_one_sound_at_a_time_and_none_without_a_press(tmp_path):
    body = "".join(players.Audio(sine(64000, hz=hz), SAMPLE_RATE, f"{hz} Hz")._repr_html_() for hz in (440, 550))
    write_page(tmp_path, body=body)
    playing = "() => [...document.querySelectorAll('audio')].map((sound) => !sound.paused)"
    with chromium() as browser, visit(browser, tmp_path.as_uri(), "page.html") as seen:
        assert seen.page.evaluate(playing) == [False, False]
        for i in (0, 1):
            seen.page.evaluate(f"document.querySelectorAll('audio')[{i}].play()")
            seen.page.wait_for_function(f"!document.querySelectorAll('audio')[{i}].paused")
        seen.page.wait_for_timeout(100)
        assert seen.page.evaluate(playing) == [False, True]
