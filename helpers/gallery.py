"""One page to listen to many matches: an A/B player for each, nothing fetched, so that it opens from any disk.

Chapter: synths/your-own-sound.
"""

import base64
import html
import json

from helpers.widgets._bundle import bundle, style
from helpers.widgets.compare import Compare

LONGEST_S = 10.0  # that is heard of a long sound
_TRAITS = ("labels", "note", "sample_rate", "n_samples")

_STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#222, #ced6dd); --paper: light-dark(#fff, #14181e);
  --edge: light-dark(#c9ced6, #444c56); --muted: light-dark(#5a6270, #9da7b3); --accent: light-dark(#0a6e86, #4fb3cc);
  --pst-color-text-base: var(--ink); --pst-color-background: var(--paper); --pst-color-border: var(--edge);
  --pst-color-text-muted: var(--muted); --pst-color-primary: var(--accent); }
body { max-width: 60rem; margin: 1rem auto; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h2 { margin: 2rem 0 0; font-size: 1.05rem; overflow-wrap: anywhere; }
p { margin: .2rem 0 .5rem; } .figures { color: var(--muted); font-size: .9rem; } .wait { min-height: 16rem; }
"""

# Players are made when they come near: a hundred decoded sounds at once would fill the memory.
_SCRIPT = """
const code = document.getElementById("compare").textContent;
const theme = window.matchMedia("(prefers-color-scheme: dark)");
const retheme = () => { document.documentElement.dataset.theme = theme.matches ? "dark" : "light"; };
theme.addEventListener("change", retheme); retheme();
const module = import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
const binary = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const near = new IntersectionObserver((entries) => entries.forEach(async ({ isIntersecting, target }) => {
  if (!isIntersecting) return;
  near.unobserve(target);
  const state = JSON.parse(target.querySelector("script").textContent);
  state.sounds = state.sounds.map(binary);
  const model = { get: (name) => state[name], set() {}, on() {}, off() {}, save_changes() {} };
  await (await module).default.render({ model, el: target });
  target.classList.remove("wait");
}), { rootMargin: "600px" });
document.querySelectorAll(".wait").forEach((place) => near.observe(place));
"""


def player(target, result, sample_rate):
    """What the page needs for one pair: the beginning of both sounds, encoded.

    Args:
        target, result: (1, n), audio.
        sample_rate: in Hz.

    Returns:
        dict that JSON can hold.
    """
    longest = round(LONGEST_S * sample_rate)
    widget = Compare({"recording": target[:, :longest], "match": result[:, :longest]}, sample_rate)
    state = {name: getattr(widget, name) for name in _TRAITS}
    state["sounds"] = [base64.b64encode(sound).decode() for sound in widget.sounds]
    widget.close()
    return state


def page(matches, problems):
    """The page.

    Args:
        matches: list of (row of the table, result of `player`).
        problems: name of a file -> why it was skipped.

    Returns:
        HTML text.
    """
    entries = "".join(_entry(row, state) for row, state in matches)
    skipped = "".join(f"<li>{html.escape(text)}</li>" for text in problems.values())
    skipped = f"<h2>Skipped</h2><ul>{skipped}</ul>" if skipped else ""
    count = "1 sound" if len(matches) == 1 else f"{len(matches)} sounds"
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Matches</title>
<meta name="viewport" content="width=device-width">
<style>{_STYLE}{style()}</style>
<h1>{count} and their matches</h1>
<p>The lower the distance, the nearer the match; silence is as far away as the number in brackets. Figures are in <a href="results.csv">results.csv</a>.</p>
{entries}{skipped}
<script type="text/plain" id="compare">{_in_script(bundle("compare.js"))}</script>
<script type="module">{_SCRIPT}</script></html>"""


def _entry(row, state):
    figures = (
        f"distance {row['distance']:.3f} (silence {row['distance_of_silence']:.2f}), pitch {row['f0_median_hz']:.1f} Hz, "
        f"noise at {row['noise_db'] - row['partials_db']:+.0f} dB against the partials, {row['seconds']:.1f} s, "
        f"{row['parameters']} parameters"
    )
    if row["seconds"] > LONGEST_S:
        figures += f"; you hear the first {LONGEST_S:.0f} s"
    data = _in_script(json.dumps(state))
    return (
        f'<h2>{html.escape(row["file"])}</h2><p class="figures">{figures}</p>'
        f'<div class="wait"><script type="application/json">{data}</script></div>\n'
    )


def _in_script(text):
    """Text that cannot end the script element it stands in."""
    return text.replace("</", "<\\/")
