"""The stand-ins for packages that audiocraft imports: right where they compute, and never in a real package's place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import needs

pytestmark = needs("engines")

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
import sys
import torch
from generation.engine import compat

stood_in = compat.install()
assert compat.install() == stood_in
assert "spacy" not in stood_in, "a real package was replaced"
import spacy
assert spacy.REAL
assert {"torchaudio", "xformers"} <= set(stood_in)

# A spectrogram, against the definition.
import torchaudio
torch.manual_seed(0)
wave = torch.randn(2, 3, 4000, dtype=torch.float64)
window = torch.hann_window(512, dtype=torch.float64)
made = torchaudio.transforms.Spectrogram(
    n_fft=512, win_length=512, hop_length=128, power=2, center=True, pad=0, normalized=True
).double()
bins = made(wave)
assert bins.shape == (2, 3, 257, 4000 // 128 + 1), bins.shape
padded = torch.nn.functional.pad(wave, (256, 256), mode="reflect")
time = torch.arange(512, dtype=torch.float64)
for frame in (0, 7, 31):
    cut = padded[..., frame * 128 : frame * 128 + 512] * window
    for bin in (0, 5, 256):
        turn = torch.exp(-2j * torch.pi * bin * time / 512)
        power = (cut * turn).sum(-1).abs() ** 2 / (window**2).sum()
        assert torch.allclose(bins[..., bin, frame], power, rtol=1e-6, atol=1e-9), (frame, bin)

# Attention, against the definition.
from xformers import ops
query, key, value = torch.randn(3, 2, 6, 4, 8).unbind(0)
for causal in (False, True):
    bias = ops.LowerTriangularMask() if causal else None
    got = ops.memory_efficient_attention(query, key, value, bias)
    scores = torch.einsum("bqhd,bkhd->bhqk", query, key) / 8**0.5
    if causal:
        scores = scores.masked_fill(torch.ones(6, 6).triu(1).bool(), float("-inf"))
    wanted = torch.einsum("bhqk,bkhd->bqhd", scores.softmax(-1), value)
    assert torch.allclose(got, wanted, atol=1e-5)

# transformers must not take the stand-in for the package.
from transformers.utils import is_torchaudio_available
assert not is_torchaudio_available()
print("fine")
"""


def test_stand_ins_compute_what_they_stand_for_and_leave_real_packages_alone(tmp_path: Path) -> None:
    (tmp_path / "spacy.py").write_text("REAL = True\ndef load(name): ...\n")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{PROGRAM}"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr
