"""The look of every figure: size, type, colours. Used by `helpers.plots` and mirrored in ``widgets/common/theme.js``.

Figures are drawn dark on white. On the book's dark pages the style sheet inverts their lightness and keeps their hue,
which is why the colour scale for decibels starts at white: silence has the colour of the page on both.
"""

import io

import matplotlib as mpl
import matplotlib.figure
from cycler import cycler
from matplotlib.collections import QuadMesh

# Okabe & Ito, "Color universal design" (2008): told apart with every common kind of colour blindness.
COLOURS = {
    "blue": "#0072b2", "vermilion": "#d55e00", "green": "#009e73", "purple": "#cc79a7",
    "orange": "#e69f00", "sky": "#56b4e9", "black": "#222222",
}
# From silence to loud, falling in lightness all the way, so that it survives printing and inversion.
DECIBEL_STOPS = ["#ffffff", "#fde4c0", "#f6ad68", "#dd6648", "#9c2f5d", "#4b1a5e", "#140b2e"]
DECIBELS = mpl.colors.LinearSegmentedColormap.from_list("decibels", DECIBEL_STOPS)
WIDTH_INCH = 7.2
_LINE_COLOURS, _PICTURE_COLOURS = 28, 96  # of a figure's PNG: as few as leave no step to be seen

STYLE = {
    "figure.figsize": (WIDTH_INCH, 2.4), "figure.dpi": 100, "figure.constrained_layout.use": True,
    "figure.facecolor": "white", "axes.facecolor": "white", "savefig.facecolor": "white",
    "font.family": "sans-serif", "font.size": 9.5, "axes.labelsize": 9.5, "axes.titlesize": 10, "axes.titlelocation": "left",
    "axes.titleweight": "bold", "legend.fontsize": 9, "legend.frameon": False, "xtick.labelsize": 9, "ytick.labelsize": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#666666", "axes.labelcolor": "#333333",
    "xtick.color": "#666666", "ytick.color": "#666666", "xtick.labelcolor": "#333333", "ytick.labelcolor": "#333333",
    "text.color": "#222222", "axes.grid": True, "axes.axisbelow": True, "grid.color": "#e4e4e4", "grid.linewidth": 0.8,
    "lines.linewidth": 1.6, "lines.solid_capstyle": "round", "axes.prop_cycle": cycler(color=list(COLOURS.values())),
    "image.cmap": "magma_r", "axes.xmargin": 0.0,
}


def in_notebook():
    """Whether a Jupyter kernel runs this code."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def apply():
    """Give the notebook's own figures the style too, sharp on dense screens, of one width, and light in the page."""
    import matplotlib_inline.backend_inline  # noqa: F401 registers its own formatter on import, so it goes first
    from IPython import get_ipython

    mpl.rcParams.update(STYLE)
    get_ipython().display_formatter.formatters["image/png"].for_type(mpl.figure.Figure, png)


def png(fig):
    """A figure as PNG at twice the screen's resolution, with a palette, which makes it three times smaller.

    Returns:
        the bytes, and the size to show it at in CSS pixels.
    """
    from PIL import Image

    pictures = any(ax.images or any(isinstance(c, QuadMesh) for c in ax.collections) for ax in fig.axes)
    colours = _PICTURE_COLOURS if pictures else _LINE_COLOURS
    stream = io.BytesIO()
    fig.savefig(stream, format="png", dpi=2 * STYLE["figure.dpi"], pil_kwargs={"compress_level": 0})
    picture = Image.open(stream).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    picture.save(stream, format="PNG", optimize=True)
    return stream.getvalue(), {"width": picture.width // 2, "height": picture.height // 2}
