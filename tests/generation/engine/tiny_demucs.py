"""Tiny random Demucs models in both published formats. Run as a program: it loads torch.

`python -m tests.generation.engine.tiny_demucs FOLDER`
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

FOUR = ["drums", "bass", "other", "vocals"]
SIX = ["drums", "bass", "other", "vocals", "guitar", "piano"]


def _model(sources: list[str], seed: int) -> Any:
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(seed)
    return HTDemucs(
        sources, channels=8, depth=4, t_layers=1, t_heads=2, segment=Fraction(2), dconv_mode=0, nfft=4096
    )


def write_safetensors(
    folder: Path, name: str, sources: list[str], *, klass: str = "demucs.htdemucs.HTDemucs"
) -> None:
    """As the models' own pages have them: a bag and a file a model, its class and arguments in the header."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    model = _model(sources, 1)
    args, kwargs = model._init_args_kwargs
    said = {"klass": klass, "args": json.dumps(args), "kwargs": json.dumps(kwargs, default=_fraction)}
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(state, folder / "abcd1234.safetensors", metadata=said)
    (folder / f"{name}.yaml").write_text("models: ['abcd1234']\n")


def write_th(folder: Path, name: str, *, extra: object = None) -> None:
    """As demucs published them first: pickled, the start of the digest in the name. Two models, averaged."""
    import torch
    from demucs.states import save_with_checksum, serialize_model
    from omegaconf import OmegaConf

    folder.mkdir(parents=True)
    for number, signature in enumerate(("aaaa1111", "bbbb2222")):
        package = serialize_model(_model(FOUR, number), OmegaConf.create({"seed": number}))
        if extra is not None:
            package["extra"] = extra
        with torch.no_grad():
            save_with_checksum(package, folder / f"{signature}.th")
    (folder / f"{name}.yaml").write_text("models: ['aaaa1111', 'bbbb2222']\n")


def _fraction(value: Fraction) -> dict[str, object]:
    return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}


def main() -> None:
    folder = Path(sys.argv[1])
    write_safetensors(folder / "htdemucs", "htdemucs", FOUR)
    write_safetensors(folder / "htdemucs_6s", "htdemucs_6s", SIX)
    write_safetensors(folder / "htdemucs_foreign", "htdemucs_foreign", FOUR, klass="subprocess.getoutput")
    write_th(folder / "htdemucs_th", "htdemucs_th")
    write_th(folder / "htdemucs_code", "htdemucs_code", extra=Path("/"))


if __name__ == "__main__":
    main()
