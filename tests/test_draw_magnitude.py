"""The response that is drawn in filters/fir-optimise: the filter it makes, what it shows, and what is heard."""

import numpy as np
import pytest
import scipy.signal
import torch

from helpers import filters, recordings, widgets
from tests.test_widgets import RECORD, SAMPLE_RATE, browser, modules, show, within_three_recordings  # noqa: F401 fixtures

BINS, TAPS = 65, 129
SPEECH = recordings.load("speech", SAMPLE_RATE)[:, :16000]


def plot(page):
    return page.locator("canvas[role=slider]")


def gain_db(page):
    return float(plot(page).get_attribute("aria-valuenow"))


def said(page):
    return page.locator("[aria-live]").inner_text()


def place(page, hz, db):
    """The point of the plot where a frequency and a gain meet."""
    box = plot(page).bounding_box()
    left, width, top, height = 48, box["width"] - 66, 8, box["height"] - 50
    return box["x"] + left + width * hz / 8000, box["y"] + top + height * (12 - db) / 72


@pytest.mark.parametrize("window", [False, True])
def test_the_filter_is_that_of_the_package(modules, window):  # noqa: F811
    magnitudes = torch.rand(BINS, dtype=torch.float64)
    taps = modules("""const { linearPhaseFir, hann } = await import("/common/fir.js");
      return [...linearPhaseFir(Float64Array.from(given.magnitudes), given.window && hann(129))];""",
                   {"magnitudes": magnitudes.tolist(), "window": window})
    hann = torch.hann_window(TAPS, periodic=False, dtype=torch.float64) if window else None
    torch.testing.assert_close(torch.tensor(taps, dtype=torch.float64), filters.linear_phase_fir(magnitudes, hann), rtol=0, atol=1e-12)


def test_filtering_and_response_are_those_of_the_package(modules):  # noqa: F811
    taps, x = filters.linear_phase_fir(torch.rand(9, dtype=torch.float64)), torch.randn(1, 60, dtype=torch.float64)
    y, gains = modules("""const { firFilter, zeroPhaseGain } = await import("/common/fir.js"), taps = Float64Array.from(given.taps);
      return [[...firFilter(Float64Array.from(given.x), taps)], zeroPhaseGain(taps, given.omegas)];""",
                       {"taps": taps.tolist(), "x": x[0].tolist(), "omegas": [0.1, 1.5, 3.1]})
    torch.testing.assert_close(torch.tensor(y).double(), filters.fir(x, taps)[0], rtol=0, atol=1e-6)
    omega = np.array([0.1, 1.5, 3.1])
    expected = (scipy.signal.freqz(taps.numpy(), worN=omega)[1] * np.exp(8j * omega)).real
    assert gains == pytest.approx(list(expected), abs=1e-12)


def test_presets_are_what_their_names_say(modules):  # noqa: F811
    found = modules("""const d = await import("/common/fir.js");
      return Object.fromEntries(Object.keys(d.RESPONSES).map((name) => [name, [...d.magnitudesOf(d.responseOf(name, 16000))]]));""")
    hz = np.linspace(0, 8000, BINS)
    assert found["flat"] == [1.0] * BINS
    assert found["low-pass"] == [float(f <= 2000) for f in hz]
    assert found["band"] == [float(800 <= f <= 1600) for f in hz]
    assert found["telephone"] == [float(375 <= f <= 3375) for f in hz]
    assert found["notch"] == [float(not 875 <= f <= 1250) for f in hz]


def test_a_quick_hand_draws_a_line_without_gaps(show):  # noqa: F811
    with show(widgets.DrawMagnitude(SPEECH, SAMPLE_RATE, "flat")) as seen:
        page = seen.page
        page.mouse.move(*place(page, 1000, 0))
        page.mouse.down()
        page.mouse.move(*place(page, 3000, -40), steps=1)
        page.mouse.up()
        assert said(page).startswith("3000 Hz") and gain_db(page) == pytest.approx(-40, abs=0.6)
        assert page.locator(".choice[aria-pressed=true]", has_text="flat").count() == 0, "it is flat no more"
        plot(page).focus()
        for _ in range(8):
            page.keyboard.press("ArrowLeft")
        assert said(page).startswith("2000 Hz") and gain_db(page) == pytest.approx(-20, abs=0.6)
        page.keyboard.press("ArrowUp")
        assert gain_db(page) == pytest.approx(-18, abs=0.7)
        page.keyboard.press("End")
        assert "2000 Hz: drawn off" in said(page)
        page.keyboard.press("Home")
        assert gain_db(page) == 0
        page.get_by_role("button", name="telephone").click()
        assert "2000 Hz: drawn +0.0 dB, filter +0.0 dB" in said(page)


def test_the_window_takes_the_exactness_and_the_ripple(show):  # noqa: F811
    with show(widgets.DrawMagnitude(SPEECH, SAMPLE_RATE, "low-pass")) as seen:
        page = seen.page
        plot(page).focus()
        for _ in range(8):
            page.keyboard.press("ArrowRight")
        assert said(page) == "2000 Hz: drawn +0.0 dB, filter +0.0 dB"
        page.get_by_role("button", name="Hann").click()
        h = filters.linear_phase_fir((torch.arange(BINS) <= 16).double(), torch.hann_window(TAPS, periodic=False).double())
        gain = abs(scipy.signal.freqz(h.numpy(), worN=[np.pi / 4])[1][0])
        assert said(page) == f"2000 Hz: drawn +0.0 dB, filter \u2212{-20 * np.log10(gain):.1f} dB"
        assert page.locator(".choice[aria-pressed=true]", has_text="low-pass").count() == 1


# Plays for 0.5 s, after a press on the named sound, and returns what reaches the loudspeaker.
def played(page, sound):
    script = RECORD.split("const buttons")[0] + """
      const wait = (ms) => new Promise((done) => setTimeout(done, ms));
      const press = (text) => [...document.querySelectorAll(".choice")].find((button) => button.textContent === text).click();
      press(given); await wait(700); document.querySelector(".play").click(); await wait(200);
      return { rate: context.sampleRate, heard };
    }"""
    return page.evaluate(script.replace("async () =>", "async (given) =>"), sound)


@pytest.mark.parametrize("preset", ["low-pass", "notch"])
def test_noise_is_heard_through_the_filter(show, preset):  # noqa: F811
    def check():
        with show(widgets.DrawMagnitude(SPEECH, SAMPLE_RATE, preset, window=True)) as seen:
            recorded = played(seen.page, "noise")
            seen.console.clear()  # Chromium calls the recorder deprecated
        x, rate = np.array(recorded["heard"]), recorded["rate"]
        on = np.flatnonzero(np.abs(x) > 0.01)
        steady = x[on[0] + int(0.1 * rate):on[-1] - int(0.1 * rate)]
        assert steady.size > 0.2 * rate and np.abs(x).max() < 0.75
        hz, power = scipy.signal.welch(steady, rate, nperseg=1024)
        level = {band: power[(hz > band - 100) & (hz < band + 100)].mean() for band in (500, 1060, 1700, 2600)}
        through, blocked = {"low-pass": ((500, 1060, 1700), 2600), "notch": ((500, 1700, 2600), 1060)}[preset]
        assert all(level[band] > 300 * level[blocked] for band in through), level

    within_three_recordings(check)


def test_a_filter_that_lifts_is_turned_down_and_says_so(show):  # noqa: F811
    def check():
        with show(widgets.DrawMagnitude(SPEECH, SAMPLE_RATE, "flat")) as seen:
            page = seen.page
            page.wait_for_function("[...document.querySelectorAll('.choice')].every((button) => !button.disabled)")
            page.mouse.move(*place(page, 0, 12))
            page.mouse.down()
            page.mouse.move(*place(page, 8000, 12), steps=2)
            page.mouse.up()
            recorded = played(page, "speech")
            text = said(page)
            seen.console.clear()
        assert "turned down" in text
        assert 0.3 < np.abs(recorded["heard"]).max() < 0.75

    within_three_recordings(check)


@pytest.mark.parametrize("bad", [{"sample_rate": 4000}, {"sample_rate": 96000}])
def test_refuses_rates_that_it_cannot_draw(bad):
    with pytest.raises(ValueError, match="sample_rate must be from 8000"):
        widgets.DrawMagnitude(SPEECH, **bad)


def test_the_code_is_small():
    from helpers.widgets._bundle import bundle

    assert len(bundle("draw_magnitude.js")) < 32_000
