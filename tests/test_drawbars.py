"""The drawbars of synths/additive: what they compute, show, and play."""

import numpy as np
import pytest
import torch

from helpers import oscillators, widgets
from tests.test_widgets import RECORD, SAMPLE_RATE, browser, modules, show, within_three_recordings  # noqa: F401 fixtures

SAW = [1 / k for k in range(1, 17)]


def bars(page):
    return page.locator("canvas[role=slider]")


def level_db(page):
    return float(bars(page).get_attribute("aria-valuenow"))


def drag(page, harmonic, share):
    """Pull the bar of a harmonic to a share of its way, 1 at the top."""
    box = bars(page).bounding_box()
    left, width, top, height = 48, box["width"] - 50, 22, box["height"] - 62
    page.mouse.move(box["x"] + left + width * harmonic / 16.6, box["y"] + top + height / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + left + width * harmonic / 16.6, box["y"] + top + height * (1 - share), steps=3)
    page.mouse.up()


@pytest.mark.parametrize("preset", ["sine", "saw", "square", "organ"])
def test_the_tone_is_that_of_the_package(modules, preset):  # noqa: F811
    amplitudes, tone = modules("""const { presetAmplitudes, harmonicTone } = await import("/drawbars.js");
      const amplitudes = presetAmplitudes(given); return [amplitudes, [...harmonicTone(amplitudes, 220, 16000, 800)]];""", preset)
    controls = torch.tensor([[220.0]], dtype=torch.float64), torch.tensor(amplitudes, dtype=torch.float64)[None, :, None]
    expected = oscillators.harmonic(*controls, SAMPLE_RATE, 800)[0]
    torch.testing.assert_close(torch.tensor(tone, dtype=torch.float64), expected, rtol=0, atol=1e-9)


def test_presets_are_what_their_names_say(modules):  # noqa: F811
    saw, square, organ = modules('const d = await import("/drawbars.js"); return ["saw", "square", "organ"].map(d.presetAmplitudes);')
    assert saw == pytest.approx(SAW)
    assert square == pytest.approx([a if k % 2 else 0 for k, a in enumerate(SAW, 1)])
    assert [k for k, a in enumerate(organ, 1) if a] == [1, 2, 3, 4, 6, 8, 10, 12, 16], "the footages of the nine drawbars"


def test_the_spectrum_reads_the_amplitudes(modules):  # noqa: F811
    levels = np.array(modules("""const d = await import("/drawbars.js");
      return [...d.levelSpectrum(d.harmonicTone(d.presetAmplitudes("saw"), 220, 48000, 4096))];"""))
    at = [round(220 * k * 16384 / 48000) for k in range(1, 17)]
    heights = [levels[i - 2:i + 3].max() for i in at]
    assert heights == pytest.approx(list(20 * np.log10(SAW)), abs=0.2)


def test_a_bar_is_dragged_stepped_and_switched_off(show):  # noqa: F811
    with show(widgets.Drawbars(220, "sine")) as seen:
        page, said = seen.page, seen.page.locator("[aria-live]")
        drag(page, 5, 0.5)
        assert said.inner_text().startswith("harmonic 5, 1100 Hz") and level_db(page) == pytest.approx(-24, abs=0.5)
        assert page.locator(".choice[aria-pressed=true]").count() == 0, "no preset any more"
        bars(page).focus()
        before = level_db(page)
        page.keyboard.press("ArrowUp")
        assert level_db(page) == pytest.approx(before + 2, abs=0.11)
        page.keyboard.press("Home")
        assert level_db(page) == 0
        page.keyboard.press("ArrowRight")
        assert said.inner_text() == "harmonic 6, 1320 Hz: off"
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("End")
        assert said.inner_text() == "harmonic 5, 1100 Hz: off"
        page.get_by_role("button", name="square").click()
        assert level_db(page) == pytest.approx(20 * np.log10(1 / 5), abs=0.1)


# Plays the preset that is set for 0.4 s and returns what reaches the loudspeaker.
def played(page):
    script = RECORD.split("const buttons")[0] + """
      const wait = (ms) => new Promise((done) => setTimeout(done, ms)), play = document.querySelector(".play");
      play.click(); await wait(700); play.click(); await wait(300);
      return { rate: context.sampleRate, heard };
    }"""
    return page.evaluate(script)


@pytest.mark.parametrize("preset", ["saw", "organ"])
def test_what_is_heard_has_the_levels_of_the_bars(show, preset):  # noqa: F811
    def check():
        with show(widgets.Drawbars(220, preset)) as seen:
            recorded = played(seen.page)
            seen.console.clear()  # Chromium calls the recorder deprecated
        x, rate = np.array(recorded["heard"]), recorded["rate"]
        on = np.flatnonzero(np.abs(x) > 0.01)
        steady = x[on[0] + int(0.1 * rate):on[-1] - int(0.1 * rate)]
        assert steady.size > 0.15 * rate and np.abs(x).max() < 0.9
        spectrum = np.abs(np.fft.rfft(steady * np.hanning(steady.size), 2**17))
        peaks = np.array([spectrum[round((220 * k - 40) * 2**17 / rate):round((220 * k + 40) * 2**17 / rate)].max() for k in range(1, 17)])
        organ = {1: 0.7, 2: 1, 3: 0.7, 4: 0.8, 6: 0.4, 8: 0.5, 10: 0.2, 12: 0.25, 16: 0.3}
        expected = np.array(SAW if preset == "saw" else [organ.get(k, 0) for k in range(1, 17)])
        assert peaks / peaks.max() == pytest.approx(expected / expected.max(), abs=0.03)

    within_three_recordings(check)


def test_a_loud_sum_is_turned_down_and_says_so(show):  # noqa: F811
    with show(widgets.Drawbars(220, "saw")) as seen:
        bars(seen.page).focus()
        for _ in range(16):
            seen.page.keyboard.press("Home")
            seen.page.keyboard.press("ArrowRight")
        said = seen.page.locator("[aria-live]").inner_text()
        recorded = played(seen.page)
        seen.console.clear()
    assert "all turned down 1" in said
    assert 0.3 < np.abs(recorded["heard"]).max() < 0.9


@pytest.mark.parametrize("arguments", [{"f0_hz": 40.0}, {"f0_hz": 2000.0}, {"f0_hz": 500.0, "sample_rate": 16000}])
def test_refuses_what_cannot_be_drawn(arguments):
    with pytest.raises(ValueError, match="f0_hz must be from 100"):
        widgets.Drawbars(**arguments)
