"""The descents of synths/finding-frequency in the browser: as in Python, by hand, by keys, and heard."""

import math

import pytest
import torch

from helpers import frequency, losses, widgets
from tests.chapters import definition
from tests.test_widgets import PAINTED, browser, modules, show  # noqa: F401 fixtures

SAMPLE_RATE, N, N_FFT, TARGET_HZ, STEPS = 4000, 256, 128, 700.0, 150
STARTS_HZ = [60.0, 300.0, 690.0, 706.0, 1000.0, 1300.0, 1900.0]
LENGTHS = {"waveform": (0.03, 3e-5), "spectral": (0.03, 3e-5), "transport": (0.15, 1e-4), "damped": (0.06, 1e-4),
           "annealed": (0.1, 1e-4)}
PATH = """const { Search, ringing, toOmega, toHz } = await import("/common/descents.js");
  return given.starts.map((start) => {
    const search = new Search(given.method, ringing(toOmega(700, 4000), 256), 128), path = [start];
    search.begin(toOmega(start, 4000));
    while (!search.done) { search.advance(); path.push(toHz(search.state.omega, 4000)); }
    return path; });"""


def to_omega(hz):
    return 2 * math.pi * torch.as_tensor(hz, dtype=torch.float64) / SAMPLE_RATE


def python_paths(method):
    """The same descents by the chapter's own functions and the losses of the package: (steps + 1, starts) in Hz."""
    known = {"n": torch.arange(N, dtype=torch.float64), "n_samples": N, "middle_n": torch.arange(N, dtype=torch.float64) - (N - 1) / 2}
    descend, tone, ring, in_disc, explained = (
        definition("synths/finding-frequency", name, **known) for name in ("descend", "tone", "ring", "in_disc", "explained"))
    x, start = tone(to_omega([TARGET_HZ])), to_omega(STARTS_HZ)
    phase_blind = losses.SpectralLoss(N_FFT, reduction="none")
    loss = {
        "waveform": lambda omega, _: (tone(omega) - x).square().mean(dim=1),
        "spectral": lambda omega, _: phase_blind(tone(omega), x.expand(len(omega), -1)),
        "transport": lambda omega, _: frequency.transport_loss(tone(omega), x),
        "damped": lambda z, _: (ring(z) - x).square().mean(dim=1),
        "annealed": lambda omega, progress: -explained(x, omega[:, None], 1.5 * (0.3 * N / 1.5) ** min(1, progress / 0.9)),
    }[method]
    if method == "damped":
        path = descend(loss, torch.polar(torch.full_like(start, 0.5), start), STEPS, *LENGTHS[method], in_disc).angle()
    else:
        path = descend(loss, start, STEPS, *LENGTHS[method])
    return torch.remainder(path + math.pi, 2 * math.pi).sub(math.pi).abs() * SAMPLE_RATE / (2 * math.pi)


@pytest.mark.parametrize("method", LENGTHS)
def test_descents_are_those_of_the_chapter(modules, method):  # noqa: F811
    found = torch.tensor(modules(PATH, {"method": method, "starts": STARTS_HZ}), dtype=torch.float64).T
    expected = python_paths(method)
    assert found.shape == expected.shape
    # The first half step by step; later a step may fall on the other side of a bottom that is narrower than the step.
    torch.testing.assert_close(found[:40], expected[:40], rtol=0, atol=0.05)
    assert (found[-1] - expected[-1]).abs().max() < 2
    arrives = (expected[-1] - TARGET_HZ).abs() < 3
    assert torch.equal((found[-1] - TARGET_HZ).abs() < 3, arrives)
    if method in ("damped", "annealed", "transport"):
        assert arrives.all(), "the repairs find it from anywhere"
    else:
        assert arrives.sum() <= 2 and not arrives[[0, 1, 4, 5, 6]].any(), "only from next to it"


def test_losses_are_those_of_the_package(modules):  # noqa: F811
    hz = [100.0, 433.3, 700.0, 1711.0]
    script = """const { Search, ringing, toOmega } = await import("/common/descents.js");
      return ["waveform", "spectral", "transport"].map((method) => {
        const search = new Search(method, ringing(toOmega(700, 4000), 256), 128);
        search.begin(1);
        const loss = search.loss();
        return given.map((hz) => loss(toOmega(hz, 4000))); });"""
    found = torch.tensor(modules(script, hz), dtype=torch.float64)
    n = torch.arange(N)
    x, guess = torch.cos(to_omega([TARGET_HZ])[:, None] * n), torch.cos(to_omega(hz)[:, None] * n)
    expected = torch.stack([losses.WaveformLoss("none")(guess, x.expand(4, -1)),
                            losses.SpectralLoss(N_FFT, reduction="none")(guess, x.expand(4, -1)),
                            frequency.transport_loss(guess, x)])
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


def now_hz(page):
    return float(page.locator("canvas[role=slider]").get_attribute("aria-valuenow"))


def said(page):
    return page.locator("[aria-live]").inner_text()


@pytest.mark.parametrize("method, start_hz, arrives", [
    ("waveform", 1300.0, False), ("waveform", 704.0, True), ("spectral", 300.0, False), ("damped", 1600.0, True),
    ("annealed", 110.0, True), ("transport", 1600.0, True)])
def test_the_marble_arrives_or_says_that_it_stopped(show, method, start_hz, arrives):  # noqa: F811
    with show(widgets.FindFrequency(start_hz=start_hz)) as seen:
        page = seen.page
        page.emulate_media(reduced_motion="reduce")
        page.get_by_role("button", name=method).click()
        page.get_by_role("button", name="Descend").click()
        assert (abs(now_hz(page) - TARGET_HZ) < 3) == arrives
        assert f"step {STEPS}" in said(page) and ("arrived" if arrives else "Hz away") in said(page)


def test_it_moves_step_by_step_and_a_hand_ends_the_descent(show):  # noqa: F811
    with show(widgets.FindFrequency(start_hz=1300.0, method="transport")) as seen:
        page = seen.page
        page.get_by_role("button", name="One step").click()
        assert "step 1 " in said(page) and now_hz(page) < 1300
        page.get_by_role("button", name="Descend").click()
        page.wait_for_function("document.querySelector('[aria-live]').textContent.includes('step 9')")
        box = page.locator("canvas[role=slider]").bounding_box()
        page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 60)
        held = now_hz(page)
        assert held > 1100 and "step 0 " in said(page)
        page.wait_for_timeout(200)
        assert now_hz(page) == held
        page.get_by_role("button", name="Descend").click()
        page.wait_for_function("document.querySelector('[aria-live]').textContent.includes('arrived')", timeout=20_000)
        assert now_hz(page) == pytest.approx(TARGET_HZ, abs=3)
        page.get_by_role("button", name="Reset").click()
        assert now_hz(page) == 1300 and page.locator(".choice[aria-pressed=true]").first.inner_text() == "transport"


def test_keys_move_the_start_and_run_the_descent(show):  # noqa: F811
    with show(widgets.FindFrequency(start_hz=1300.0, method="damped")) as seen:
        page, keyboard = seen.page, seen.page.keyboard
        page.emulate_media(reduced_motion="reduce")
        page.locator("canvas[role=slider]").focus()
        keyboard.press("ArrowRight")
        keyboard.press("PageUp")
        assert now_hz(page) == 1351
        keyboard.press("s")
        assert "step 1 " in said(page) and "|z|" in said(page)
        keyboard.press("d")
        assert "arrived" in said(page)
        keyboard.press("2")
        assert page.locator("button.play").get_attribute("aria-label") == "Pause"
        keyboard.press("Space")
        assert page.locator("button.play").get_attribute("aria-label") == "Play"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_fits_and_has_names(show, width, theme):  # noqa: F811
    with show(widgets.FindFrequency(method="annealed"), width=width, theme=theme) as seen:
        page = seen.page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        boxes = [button.bounding_box() for button in page.locator(".dds button").all()]
        assert len(boxes) == 12 and all(min(box["width"], box["height"]) >= 44 for box in boxes)
        assert page.locator(".dds[role=group][aria-label]").count() == 1
        assert page.locator("canvas:not([role]), canvas:not([aria-label])").count() == 0
        assert page.evaluate(PAINTED) > 0.02, "an empty canvas"
        assert page.evaluate("globalThis.introddspAudio") is None, "no sound before a press"


@pytest.mark.parametrize("arguments", [{"target_hz": 10.0}, {"high_hz": 2500.0}, {"start_hz": 1650.0}, {"n_samples": 300},
                                       {"n_fft": 512}])
def test_refuses(arguments):
    with pytest.raises(ValueError, match="must"):
        widgets.FindFrequency(**arguments)
