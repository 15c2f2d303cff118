"""The poles and zeros of filters/iir: what they compute, show, warn of, and play."""

import numpy as np
import pytest
import scipy.signal

from helpers import widgets
from helpers.widgets.pole_zero import PRESETS
from tests.test_drawbars import played
from tests.test_widgets import browser, modules, show, within_three_recordings  # noqa: F401 fixtures

RATE = 16000
FILTER = """const r = await import("/common/recursive.js"), points = r.FILTERS[given.preset](16000);
  const roots = (kind) => r.rootsOf(points, kind);"""


def scipy_filter(poles, zeros):
    return tuple(np.poly([complex(*root) for root in roots]).real for roots in (zeros, poles))


def gain_db(b, a, omega):
    return 20 * np.log10(np.abs(scipy.signal.freqz(b, a, omega)[1]))


@pytest.mark.parametrize("preset", PRESETS)
def test_response_and_samples_are_those_of_scipy(modules, preset):  # noqa: F811
    omega, x = np.linspace(0.05, 3.0, 40), np.random.default_rng(0).standard_normal(600)
    poles, zeros, found, y = modules(FILTER + """
      return [roots("pole"), roots("zero"), given.omega.map((each) => r.gainDb(points, each)), [...r.filterSamples(points, given.x)]];""",
      {"preset": preset, "omega": omega.tolist(), "x": x.tolist()})
    b, a = scipy_filter(poles, zeros)
    assert found == pytest.approx(gain_db(b, a, omega), abs=1e-6)
    assert y == pytest.approx(scipy.signal.lfilter(b, a, x), rel=1e-7, abs=1e-7)


def test_presets_are_what_their_names_say(modules):  # noqa: F811
    shapes = {}
    for preset in PRESETS:
        poles, zeros = modules(FILTER + 'return [roots("pole"), roots("zero")];', {"preset": preset})
        shapes[preset] = lambda hz, ba=scipy_filter(poles, zeros): gain_db(*ba, 2 * np.pi * np.array(hz) / RATE)
    assert np.argmax(shapes["resonance"](np.arange(100, 8000, 100))) == 9
    assert shapes["notch"]([1000.0])[0] < -120 and abs(np.diff(shapes["notch"]([100.0, 4000.0]))[0]) < 1.5
    assert np.diff(shapes["one pole"]([10.0, 4000.0]))[0] < -25
    b, a = scipy.signal.butter(4, 1000, fs=RATE)
    hz = np.array([50.0, 500.0, 1000.0, 2000.0])
    butterworth = gain_db(b, a, 2 * np.pi * hz / RATE)
    assert shapes["low-pass"](hz) - shapes["low-pass"]([1.0]) == pytest.approx(butterworth, abs=0.01)
    near = lambda hz: shapes["vowel"](hz + np.arange(-60, 61))  # noqa: E731
    assert all(0 < np.argmax(near(hz)) < 120 for hz in (730, 1090, 2440, 3400))


def test_a_pole_on_or_outside_the_circle_is_unstable_and_a_zero_is_not(modules):  # noqa: F811
    said = modules("""const r = await import("/common/recursive.js");
      return [0.999, 1, 1.2].flatMap((radius) => ["pole", "zero"].map((kind) => r.isStable([r.polar(kind, radius, 1)])));""")
    assert said == [True, True, False, True, False, True]


def test_decay_and_level(modules):  # noqa: F811
    seconds, peak, rms = modules("""const r = await import("/common/recursive.js");
      const out = [1e-9, 1, 1e9].map((gain) => r.levelled(r.soundOf("noise", 8000, 16000).map((x) => gain * x)));
      const most = (x) => x.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      return [r.t60(0.999, 16000), out.map(most), out.map((x) => Math.sqrt(x.reduce((s, v) => s + v * v, 0) / x.length))];""")
    assert seconds == pytest.approx(np.log(1000) / -np.log(0.999) / 16000)
    assert max(peak) <= 0.5 + 1e-6 and rms == pytest.approx([0.12] * 3, rel=1e-3)


def plane(page):
    return page.locator("canvas[role=slider]").first


def said(page):
    return page.locator("[aria-live]").inner_text()


def grab(page, start, end):
    """Drag from one place of the z plane to another."""
    box = plane(page).bounding_box()
    unit = min(box["width"], box["height"]) / 2 / 1.32
    at = [(box["x"] + box["width"] / 2 + unit * re, box["y"] + box["height"] / 2 - unit * im) for re, im in (start, end)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=4)
    page.mouse.up()


def place(radius, hz):
    angle = 2 * np.pi * hz / RATE
    return radius * np.cos(angle), radius * np.sin(angle)


@pytest.mark.parametrize("half", [1, -1])
def test_either_half_of_a_pair_is_dragged_and_the_other_follows(show, half):  # noqa: F811
    with show(widgets.PoleZero("resonance")) as seen:
        (re, im), (to, up) = place(0.98, 1000), place(0.9, 3000)
        grab(seen.page, (re, half * im), (to, half * up))
        assert said(seen.page).startswith("pole pair at 3") and "radius 0.9" in said(seen.page)
        assert seen.page.locator("[role=alert]").inner_text() == ""
        assert seen.page.locator(".choice[aria-pressed=true]").count() == 1, "the sound's, and no preset's any more"


def test_a_single_root_stays_on_the_axis_and_a_zero_clings_to_the_circle(show):  # noqa: F811
    with show(widgets.PoleZero("one pole")) as seen:
        grab(seen.page, (0.95, 0), (-0.5, 0.4))
        assert said(seen.page).startswith("pole at 8000 Hz, radius 0.5")
    with show(widgets.PoleZero("notch")) as seen:
        grab(seen.page, place(1.04, 1000), place(1.01, 2500))
        assert said(seen.page).startswith("zero pair at 2") and "radius 1.000" in said(seen.page)


def test_keys_move_choose_add_and_remove(show):  # noqa: F811
    with show(widgets.PoleZero("resonance")) as seen:
        page, press = seen.page, seen.page.keyboard.press
        plane(page).focus()
        for key in ("ArrowDown", "ArrowRight"):
            press(key)
        assert said(page).startswith("pole pair at 1050 Hz, radius 0.975")
        press("PageDown")
        assert said(page).startswith("zero at 0 Hz, radius 1.000")
        page.get_by_role("button", name="+ zeros").click()
        assert said(page).startswith("zero pair")
        page.get_by_role("button", name="remove").click()
        assert said(page).startswith("zero at")
        for _ in range(6):
            page.get_by_role("button", name="remove").click()
        assert said(page), "the last one cannot be removed"


def test_the_response_is_read_with_the_arrows(show):  # noqa: F811
    with show(widgets.PoleZero("one pole")) as seen:
        response = seen.page.locator("canvas[role=slider]").nth(1)
        response.focus()
        seen.page.keyboard.press("ArrowRight")
        hz = float(response.get_attribute("aria-valuenow"))
        expected = gain_db([1.0], [1.0, -0.95], [2 * np.pi * hz / RATE])[0]
        text = response.get_attribute("aria-valuetext").replace("\u2212", "-")
        assert hz == 2050 and float(text.split()[2]) == pytest.approx(expected, abs=0.06)


def test_the_circle_warns_in_words_and_mutes_and_the_way_back_sounds(show):  # noqa: F811
    with show(widgets.PoleZero("resonance")) as seen:
        page, warning = seen.page, seen.page.locator("[role=alert]")
        plane(page).focus()
        for _ in range(4):
            page.keyboard.press("ArrowUp")
        assert said(page).startswith("pole pair at 1000 Hz, radius 1.000") and "grows" in said(page)
        assert "Unstable" in warning.inner_text() and warning.locator("svg").count() == 1
        silent = played(page)
        for _ in range(2):
            page.keyboard.press("ArrowDown")
        assert warning.inner_text() == "" and "loses 60 dB" in said(page)
        seen.console.clear()  # Chromium calls the recorder deprecated
    assert len(silent["heard"]) > 1000 and np.abs(silent["heard"]).max() < 1e-4


def test_noise_rings_at_the_pole_at_a_safe_level(show):  # noqa: F811
    def check():
        with show(widgets.PoleZero("resonance")) as seen:
            recorded = played(seen.page)
            seen.console.clear()
        x, rate = np.array(recorded["heard"]), recorded["rate"]
        assert 0.05 < np.abs(x).max() < 0.6
        spectrum = np.abs(np.fft.rfft(x * np.hanning(x.size)))
        smooth = np.convolve(spectrum, np.ones(40) / 40, "same")
        assert np.argmax(smooth) * rate / x.size == pytest.approx(1000, abs=120)

    within_three_recordings(check)


def test_a_kernel_sees_the_roots_by_name():
    widget = widgets.PoleZero("vowel", "saw", 8000)
    assert repr(widget) == "<PoleZero, vowel, 8000 Hz>" and widget.sound == "saw" and widget.poles == []


@pytest.mark.parametrize("sample_rate", [4000, 16001, 200_000])
def test_refuses_rates_it_cannot_play(sample_rate):
    with pytest.raises(ValueError, match="sample_rate must be a multiple of 4"):
        widgets.PoleZero(sample_rate=sample_rate)
