"""Rebuild the recordings in helpers/recordings from published packages.

Run `python tools/recordings.py` on Debian 12 (it needs apt-get, dpkg-deb and pip; about 900 MB of temporary space).
It downloads the packages below at the versions named, takes each sound out, cuts it, writes FLAC, licences and SOURCES.csv.
The same packages and the same libsndfile give the same bytes.
"""

import csv
import hashlib
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np
import soundfile

TARGET = Path(__file__).resolve().parent.parent / "helpers" / "recordings"
PEAK = int(32768 * 10 ** (-1 / 20))  # -1 dBFS in steps of 16 bit, rounded towards silence
FADE_IN_S, FADE_OUT_S = 0.002, 0.05

SOUNDFONT, SONIC_PI = "musescore-general-soundfont-lossless", "sonic-pi-samples"
SPHINX, BASIC_PITCH = "pocketsphinx-testdata", "basic-pitch"
VERSIONS = {SOUNDFONT: "0.2.1-1", SONIC_PI: "3.2.2~repack-8", SPHINX: "0.8+5prealpha+1-15", BASIC_PITCH: "0.4.0"}
FLUID = "Fluid (R3) GM SoundFont, © 2000-2008 Frank Wen; mono version © 2014-2017 Michael Cowgill"
PIANO = "Splendid Grand Piano, AKAI (public domain); adapted © 2018-2021 S. Christian Collins"
AUSTEN = ("LibriVox reading of Jane Austen, Sense and Sensibility (public domain); "
          "test data of PocketSphinx, © Carnegie Mellon University")
VOCADITO = ("vocadito: R. Bittner, K. Pasalo, J. J. Bosch, G. Meseguer-Brocal, D. Rubinstein, 2021, "
            "https://zenodo.org/record/5578807, licence https://creativecommons.org/licenses/by/4.0/")
LICENCES = {
    SOUNDFONT: ("MIT", "musescore-general.txt"), SONIC_PI: ("CC0-1.0", "sonic-pi-samples.txt"),
    SPHINX: ("BSD-2-Clause", "pocketsphinx.txt"), BASIC_PITCH: ("CC-BY-4.0", "vocadito.txt"),
}


class Sound(NamedTuple):
    """One recording: where it is, what is cut (seconds), and the range in which its pitch is sought."""

    name: str
    role: str
    package: str
    path: str
    f0_range_hz: tuple = None
    start_s: float = 0.0
    stop_s: float = None
    attribution: str = None


def soundfont(name, role, sample, f0_range_hz=None, stop_s=None, start_s=0.0, attribution=FLUID):
    return Sound(name, role, SOUNDFONT, sample, f0_range_hz, start_s, stop_s, attribution)


def sonic_pi(name, role, sample, f0_range_hz=None, stop_s=None, start_s=0.0):
    return Sound(name, role, SONIC_PI, f"{sample}.flac", f0_range_hz, start_s, stop_s)


SOUNDS = [
    soundfont("saxophone", "baritone saxophone, sustained, vibrato from 2.4 s", "Sax-Baritone A4", (150, 300)),
    soundfont("saxophone_tenor", "tenor saxophone, sustained, vibrato from 2.3 s", "Sax-Tenor D#5", (200, 400)),
    soundfont("cello", "bowed cello, vibrato throughout", "Cello E5", (240, 450)),
    soundfont("violin", "bowed violin, vibrato throughout", "Violin D6", (400, 800)),
    soundfont("horns", "French horns in unison, sustained, several players beating", "French Horns D#4", (110, 220), 3.0),
    soundfont("flute", "flute, sustained", "Flute D5", (400, 800)),
    soundfont("choir", "choir singing ah", "Ahh Choir C5-R", (190, 350)),
    soundfont("guitar_nylon", "plucked nylon string", "Nylon D4", (110, 200)),
    soundfont("guitar_steel", "plucked steel string", "Steel Gtr A3", (80, 150), None, 0.05),
    soundfont("guitar_electric", "electric guitar, clean, one note", "Clean F40", (140, 280)),
    sonic_pi("guitar_fifths", "electric guitar, several notes at once, struck twice", "guit_e_fifths", None, 3.5),
    soundfont("marimba", "marimba bar", "Marimba C4", (100, 190)),
    soundfont("piano_low", "grand piano, left microphone, inharmonic", "Piano MF A1(L)", (80, 150), 4.0, attribution=PIANO),
    soundfont("piano_mid", "grand piano, left microphone, inharmonic", "Piano MF C3(L)", (190, 350), 3.5, attribution=PIANO),
    soundfont("piano_high", "grand piano, left microphone, inharmonic", "Piano MF C#5(L)", (800, 1500), 2.0, attribution=PIANO),
    Sound("singing", "sung melody, one voice", BASIC_PITCH, "tests/resources/vocadito_14.wav", (150, 400), 0.76, None, VOCADITO),
    Sound("speech", "spoken English, one man: 'he was not an ill disposed young man'", SPHINX,
          "librivox/sense_and_sensibility_01_austen_64kb-0880.wav", (60, 140), 0.22, 2.85, AUSTEN),
    sonic_pi("snare", "snare drum, soft hit", "drum_snare_soft"),
    sonic_pi("tom", "low tom, soft hit", "drum_tom_lo_soft", (70, 120)),
    sonic_pi("kick", "bass drum, soft hit", "drum_bass_soft"),
    sonic_pi("cymbal", "splash cymbal, soft hit", "drum_splash_soft"),
    sonic_pi("bell", "small bell, left channel: few clear modes", "perc_bell", None, 3.0, 0.014),
    soundfont("cowbell", "cowbell", "Cow Bell"),
    sonic_pi("tabla", "tabla, stroke tun", "tabla_tun3", (200, 400)),
    sonic_pi("tabla_loop", "tabla, one bar that loops", "loop_tabla", None, 32 / 12),
]
STRUCK = {"guitar_nylon", "guitar_steel", "guitar_electric", "marimba", "piano_low", "piano_mid", "piano_high", "tom", "tabla"}


def fetch(folder):
    """Download and unpack every package; return the folder of each."""
    places = {package: folder / package for package in VERSIONS}
    for package, place in places.items():
        place.mkdir()
        name = f"{package}=={VERSIONS[package]}"
        if package == BASIC_PITCH:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", package, name]
            subprocess.run(pip, cwd=place, check=True)
            with tarfile.open(next(place.glob("*.tar.gz"))) as archive:
                archive.extractall(place, filter="data")
        else:
            subprocess.run(["apt-get", "download", name.replace("==", "=")], cwd=place, check=True)
            subprocess.run(["dpkg-deb", "-x", next(place.glob("*.deb")).name, "."], cwd=place, check=True)
    return places


def find(place, path):
    """The one file below `place` whose path ends in `path`."""
    found = [p for p in place.rglob(Path(path).name) if p.as_posix().endswith("/" + path)]
    if len(found) != 1:
        raise FileNotFoundError(f"{path} is there {len(found)} times in {place.name}, expected once")
    return found[0]


def soundfont_chunks(stream):
    """Offset and length of every chunk below the three lists of a SoundFont 2 file (RIFF)."""
    chunks = {}
    stream.seek(12)
    while header := stream.read(8):
        label, length = struct.unpack("<4sI", header)
        if label == b"LIST":
            stream.seek(4, 1)
            continue
        chunks[label] = (stream.tell(), length)
        stream.seek(length + length % 2, 1)
    return chunks


def read_soundfont(file, sample):
    """One sample of a soundfont from its attack to the end of its loop: values, sample rate, what was taken."""
    with open(file, "rb") as stream:
        chunks = soundfont_chunks(stream)
        stream.seek(chunks[b"shdr"][0])
        headers = struct.iter_unpack("<20s5IBbHH", stream.read(chunks[b"shdr"][1]))
        by_name = {h[0].split(b"\0")[0].decode("latin1").strip(): h for h in headers}
        _, start, _, _, loop_stop, sample_rate, *_ = by_name[sample]
        stream.seek(chunks[b"smpl"][0] + 2 * start)
        samples = np.frombuffer(stream.read(2 * (loop_stop - start)), "<i2")
    return samples.astype(np.float64), sample_rate, "from the attack to the end of the loop"


def read_file(file):
    """First channel of a sound file. The mean would cancel the bell, whose two channels are in opposite phase."""
    samples, sample_rate = soundfile.read(file, dtype="int16", always_2d=True)
    taken = "whole file" if samples.shape[1] == 1 else "first of two channels"
    return samples[:, 0].astype(np.float64), sample_rate, taken


def prepare(samples, sample_rate, taken, sound):
    """Cut, fade where a cut was made, set the peak; return 16-bit values and what was done in words."""
    full = len(samples)
    start, stop = round(sound.start_s * sample_rate), round((sound.stop_s or full / sample_rate) * sample_rate)
    cut_end = stop < full or sound.package == SOUNDFONT  # a soundfont's sound goes on in its loop
    samples, changes = samples[start:stop].copy(), [taken]
    if start or stop < full:
        changes.append(f"cut from {start / sample_rate:.3f} s to {stop / sample_rate:.3f} s")
    for wanted, seconds, edge in ((start > 0, FADE_IN_S, 1), (cut_end, FADE_OUT_S, -1)):
        if wanted:
            n = round(seconds * sample_rate)
            samples[::edge][:n] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n)
            changes.append(f"{1000 * seconds:.0f} ms fade {'in' if edge == 1 else 'out'}")
    changes.append("peak set to -1 dBFS")
    return np.round(samples * (PEAK / np.abs(samples).max())).astype(np.int16), "; ".join(changes)


def measure_f0_hz(samples, sample_rate, sound):
    """First partial of a struck or plucked sound; else the median of YIN in frames within 30 dB of the loudest.

    YIN weighs all partials, and those of a stiff string lie too high: it would put the piano 8 cents sharp.
    """
    low, high = sound.f0_range_hz
    if sound.name in STRUCK:
        size = 2 ** 20
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size))
        inside = np.arange(int(low * size / sample_rate), int(high * size / sample_rate))
        return float(inside[np.argmax(spectrum[inside])] * sample_rate / size)
    length = 2 ** int(np.ceil(np.log2(4 * sample_rate / low)))
    frames = {"frame_length": length, "hop_length": length // 8, "center": False}
    x = samples / 32768.0
    track = librosa.yin(x, fmin=low, fmax=high, sr=sample_rate, **frames)
    level = librosa.feature.rms(y=x, **frames)[0][: len(track)]
    return float(np.median(track[level > level.max() * 10 ** (-30 / 20)]))


def stanzas(place):
    """Paragraphs of a Debian copyright file."""
    return find(place, "copyright").read_text(encoding="utf8").split("\n\n")


def sonic_pi_stanza(place, path):
    """The paragraph of one sample, which must grant CC0."""
    (stanza,) = [s for s in stanzas(place) if s.startswith(f"Files: etc/samples/{path}\n")]
    if not stanza.endswith("License: CC0"):
        raise ValueError(f"{path} is not under CC0 but: {stanza}")
    return stanza


def licence_texts(places):
    """What each package says about the sounds that are taken from it: file name -> text."""
    cc0 = [s for s in stanzas(places[SONIC_PI]) if s.startswith("License: CC0\n")]
    used = [sonic_pi_stanza(places[SONIC_PI], s.path) for s in SOUNDS if s.package == SONIC_PI]
    sphinx = [s for s in stanzas(places[SPHINX]) if s.startswith(("Format:", "Files: *\n"))]
    notice = find(places[BASIC_PITCH], f"basic_pitch-{VERSIONS[BASIC_PITCH]}/NOTICE").read_text(encoding="utf8").split("\n\n")
    vocadito = [p for p in notice if "Vocadito" in p]
    texts = {SOUNDFONT: stanzas(places[SOUNDFONT]), SONIC_PI: used + cc0, SPHINX: sphinx,
             BASIC_PITCH: vocadito + [VOCADITO]}
    return {LICENCES[package][1]: "\n\n".join(text).strip() + "\n" for package, text in texts.items()}


def attribution(sound, place):
    """Who made the sound: from the table, or from the sample's own entry in the copyright file."""
    if sound.attribution:
        return sound.attribution
    fields = dict(line.split(": ", 1) for line in sonic_pi_stanza(place, sound.path).splitlines())
    return f"{fields['Copyright']}, {fields['Source'].strip()}"


def build(sound, place):
    """Write one FLAC; return its row of SOURCES.csv."""
    if sound.package == SOUNDFONT:
        file = find(place, "MuseScore_General_Full.sf2")
        samples, sample_rate, taken = read_soundfont(file, sound.path)
    else:
        file = find(place, sound.path)
        samples, sample_rate, taken = read_file(file)
    samples, changes = prepare(samples, sample_rate, taken, sound)
    target = TARGET / f"{sound.name}.flac"
    soundfile.write(target, samples, sample_rate, format="FLAC", subtype="PCM_16", compression_level=1.0)
    inside = file.relative_to(place).as_posix() + (f": {sound.path}" if sound.package == SOUNDFONT else "")
    licence, licence_file = LICENCES[sound.package]
    return {
        "name": sound.name, "role": sound.role, "package": sound.package, "version": VERSIONS[sound.package],
        "path": inside, "licence": licence, "licence_file": f"licences/{licence_file}",
        "attribution": attribution(sound, place), "changes": changes,
        "sample_rate": sample_rate, "seconds": f"{len(samples) / sample_rate:.3f}",
        "f0_hz": f"{measure_f0_hz(samples, sample_rate, sound):.1f}" if sound.f0_range_hz else "",
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
    }


def main():
    with tempfile.TemporaryDirectory() as folder:
        places = fetch(Path(folder))
        (TARGET / "licences").mkdir(parents=True, exist_ok=True)
        for name, text in licence_texts(places).items():
            (TARGET / "licences" / name).write_text(text, encoding="utf8")
        rows = [build(sound, places[sound.package]) for sound in SOUNDS]
    with open(TARGET / "SOURCES.csv", "w", encoding="utf8", newline="") as table:
        writer = csv.DictWriter(table, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
