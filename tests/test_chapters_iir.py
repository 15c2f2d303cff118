"""What filters/iir and filters/iir-differentiable define, against the package, scipy, or what is known otherwise."""

import math

import numpy as np
import pytest
import scipy.signal
import torch

from chapters import definition
from helpers import filters
from helpers.filters import block

IIR, DIFFERENTIABLE = "filters/iir", "filters/iir-differentiable"


def draw(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def stable(order, a0=1.0):
    k = 1.6 * torch.rand(1, order, dtype=torch.float64, generator=torch.Generator().manual_seed(order)) - 0.8
    return a0 * torch.cat([torch.ones(1, dtype=torch.float64), filters.reflection_to_lpc(k)[0]])


def assert_same(chapter, reference, *controls):
    """Equal values, and equal gradients of a weighted sum, to all controls."""
    found = []
    for function in (chapter, reference):
        leaves = [control.clone().requires_grad_() for control in controls]
        value = function(*leaves)
        found.append((value, *torch.autograd.grad((value * draw(*value.shape, seed=9)).sum(), leaves)))
    for one, other in zip(*found):
        assert other.abs().max() > 0
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("path", "name"), [(IIR, "lfilter"), (DIFFERENTIABLE, "loop")])
@pytest.mark.parametrize(("batch", "n", "taps", "order", "a0"), [(1, 50, 1, 1, 1.0), (3, 40, 3, 2, 1.7), (2, 30, 2, 5, 0.5), (1, 1, 1, 2, 1.0)])
def test_the_loop_is_the_reference(path, name, batch, n, taps, order, a0):
    if n == 1:  # one sample knows nothing of the feedback
        x, b, a = draw(batch, n), draw(taps), stable(order)
        torch.testing.assert_close(definition(path, name)(x, b, a), filters.lfilter(x, b, a))
        return
    assert_same(definition(path, name), filters.lfilter, draw(batch, n), draw(taps, seed=1), stable(order, a0))


def test_iir_ring_is_a_pole_pair():
    ring = definition(IIR, "ring", sample_rate=16000)(0.99, 440, 500)
    angle = 2 * math.pi * 440 / 16000
    expected = scipy.signal.lfilter([1.0], [1, -2 * 0.99 * math.cos(angle), 0.99**2], np.eye(1, 500))
    np.testing.assert_allclose(ring, expected, rtol=1e-5, atol=1e-6)


def test_iir_response_and_ruler_are_freqz():
    b, a, omega = draw(4), stable(5, 2.0), torch.linspace(0.1, 3.0, 30, dtype=torch.float64)
    expected = scipy.signal.freqz(b, a, omega)[1]
    np.testing.assert_allclose(definition(IIR, "response")(b, a, omega), expected, rtol=1e-9)
    np.testing.assert_allclose(definition(IIR, "gain_by_ruler")(b, a, omega), abs(expected), rtol=1e-9)


@pytest.mark.parametrize("q", [0.5, 4.0])
def test_iir_low_pass_is_that_of_the_package(q):
    hz = torch.tensor([50.0, 1000.0, 7900.0], dtype=torch.float64)
    low_pass = definition(IIR, "low_pass")
    assert_same(lambda hz: low_pass(hz, q, 16000), lambda hz: filters.low_pass(hz, q, 16000), hz)


def test_iir_state_space_is_the_filter_and_its_matrices_the_package_s():
    x, b, a = draw(2, 40), draw(4, seed=1), stable(3)
    matrices = definition(IIR, "direct_form")(b, a)
    for found, expected in zip(matrices, block.direct_form(b[None], a[None])):
        torch.testing.assert_close(found, expected[0])
    y = definition(IIR, "run_state_space")(x, *matrices)
    torch.testing.assert_close(y, filters.lfilter(x, b, a))


def test_iir_decay_is_that_of_the_pole():
    seconds = definition(IIR, "t60_s")(0.999, 16000)
    assert 0.999 ** (seconds * 16000) == pytest.approx(1e-3)


def test_iir_resonance_is_a_batch_of_rings():
    resonance = definition(IIR, "resonance", sample_rate=16000)
    radius, hz = torch.tensor([0.97, 0.9], dtype=torch.float64), torch.tensor([700.0, 3000.0], dtype=torch.float64)
    for y, r, f in zip(resonance(radius, hz, 80), radius, hz):
        angle = 2 * math.pi * f / 16000
        expected = scipy.signal.lfilter([angle.sin()], [1, -2 * r * angle.cos(), r * r], np.eye(1, 80)[0])
        np.testing.assert_allclose(y, expected, atol=1e-12)


def test_iir_notch_is_silent_at_its_frequency():
    row = definition(IIR, "notch", sample_rate=16000)(50, 0.99).double().numpy()
    gain = abs(scipy.signal.freqz(row[:3], row[3:], [50, 4000, 7999], fs=16000)[1])
    assert gain == pytest.approx([0, 1, 1], abs=1e-3)


# filters/iir-differentiable


def test_differentiable_nodes_are_counted_once():
    count_nodes = definition(DIFFERENTIABLE, "count_nodes")
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    assert count_nodes(y) == 2  # the product and the leaf
    assert count_nodes(y + y) == 3 and count_nodes((y * y).sum()) == 4


@pytest.mark.parametrize("a0", [1.0, 1.3])
def test_differentiable_gradients_by_hand_are_those_of_autograd(a0):
    inputs = draw(3, 50), draw(3, seed=1), stable(4, a0)
    g = draw(3, 50, seed=2)
    leaves = [tensor.clone().requires_grad_() for tensor in inputs]
    expected = torch.autograd.grad(filters.lfilter(*leaves), leaves, g)
    found = definition(DIFFERENTIABLE, "gradients")(g, inputs[0], filters.lfilter(*inputs), *inputs[1:])
    for one, other in zip(found, expected):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def test_differentiable_backwards_is_the_adjoint():
    backwards = definition(DIFFERENTIABLE, "backwards")
    x, g, b, a = draw(2, 60), draw(2, 60, seed=1), draw(3, seed=2), stable(3)
    assert (g * filters.lfilter(x, b, a)).sum().item() == pytest.approx((backwards(g, b, a) * x).sum().item())


def test_differentiable_sensitivities_need_the_right_index():
    sensitivities = definition(DIFFERENTIABLE, "sensitivities")
    b, a, x = torch.ones(1, dtype=torch.float64), stable(3), draw(1, 40)
    y_of = lambda a: filters.lfilter(x, b, a)[0]  # noqa: E731
    jacobian = torch.autograd.functional.jacobian(y_of, a)[:, 1:].T
    right, wrong = (sensitivities(y_of(a).numpy(), a.numpy(), inner) for inner in (lambda k, i: k, lambda k, i: i))
    np.testing.assert_allclose(right, jacobian, atol=1e-9)
    assert np.abs(wrong - jacobian.numpy()).max() > 0.1


@pytest.mark.parametrize("n", [1, 2, 100, 129])
def test_differentiable_scan_is_the_recursion(n):
    one_pole = definition(DIFFERENTIABLE, "one_pole")
    x, p = draw(2, n), torch.tensor(0.9 * np.exp(0.5j))
    y = one_pole(x, p)
    expected = scipy.signal.lfilter([1.0], [1.0, -p.item()], x.numpy())
    np.testing.assert_allclose(y, expected, atol=1e-12)


@pytest.mark.parametrize("n", [1, 127, 128, 500])
def test_differentiable_blocks_are_those_of_the_package(n):
    filter_blocks = definition(DIFFERENTIABLE, "filter_blocks")
    x, b, a = draw(2, n), draw(4, seed=1), stable(3)
    if n > 1:
        single = lambda x, b, a: filter_blocks(x, *(m[0] for m in block.direct_form(b[None], a[None])))  # noqa: E731
        whole = lambda x, b, a: block.filter_blocks(x, *block.direct_form(b[None], a[None]))  # noqa: E731
        assert_same(single, whole, x, b, a)
    matrices = [m[0] for m in block.direct_form(b[None], a[None])]
    torch.testing.assert_close(filter_blocks(x, *matrices), filters.lfilter(x, b, a))


def test_differentiable_triangle_is_that_of_the_package():
    assert_same(definition(DIFFERENTIABLE, "triangle", MARGIN=1e-3), filters.triangle, 2 * draw(50), 2 * draw(50, seed=1))


@pytest.mark.parametrize("order", [1, 2, 6, 22])
def test_differentiable_step_up_is_that_of_the_package(order):
    k = torch.tanh(draw(20, order))
    assert_same(definition(DIFFERENTIABLE, "reflection_to_lpc"), filters.reflection_to_lpc, k)
    back = filters.lpc_to_reflection(definition(DIFFERENTIABLE, "reflection_to_lpc")(k))
    torch.testing.assert_close(back[:, :6], k[:, :6], rtol=1e-5, atol=1e-5)


def test_differentiable_counts_unstable_draws():
    count_unstable = definition(DIFFERENTIABLE, "count_unstable")
    roots = np.array([[0.5, -0.9, 0.2], [1.01, 0.1, 0.3], [0.6 + 0.9j, 0.6 - 0.9j, 0.0], [0.9j, -0.9j, 0.99]])
    assert count_unstable(torch.tensor(np.array([np.poly(row).real for row in roots]))) == 2


def test_differentiable_decay_keeps_to_its_range():
    pair = definition(DIFFERENTIABLE, "decaying_pair")
    a = pair(torch.tensor([-50.0, 0.0, 50.0], dtype=torch.float64), torch.ones(3, dtype=torch.float64), 16000)
    t60_s = -3 / (torch.log10(a[:, 2]) / 2 * 16000)
    torch.testing.assert_close(t60_s, torch.tensor([0.005, 0.1, 2.0], dtype=torch.float64))
    assert definition(DIFFERENTIABLE, "points_needed")(384, 1.0, 16000, 3) == 16384
