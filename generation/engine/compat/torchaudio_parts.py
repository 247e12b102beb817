"""torchaudio's spectrogram by torch itself. Its wheel needs CUDA libraries even where there is no GPU."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


class Spectrogram(nn.Module):
    """`[..., samples]` to `[..., bins, frames]`, like torchaudio's to 1e-6. `power=None` gives complex values."""

    window: torch.Tensor

    def __init__(
        self,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        pad: int = 0,
        window_fn: Callable[..., torch.Tensor] = torch.hann_window,
        power: float | None = 2.0,
        normalized: bool | str = False,
        wkwargs: dict[str, Any] | None = None,
        center: bool = True,
        pad_mode: str | None = "reflect",
        onesided: bool = True,
    ) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.win_length = win_length or n_fft
        self.hop_length = hop_length or self.win_length // 2
        self.pad = pad
        self.power = power
        self.normalized = normalized
        self.center = center
        self.pad_mode = pad_mode or "reflect"
        self.onesided = onesided
        self.register_buffer("window", window_fn(self.win_length, **(wkwargs or {})))

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        if self.pad:
            wave = nn.functional.pad(wave, (self.pad, self.pad))
        shape = wave.shape
        bins = torch.stft(
            wave.reshape(-1, shape[-1]),
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            win_length=self.win_length,
            window=self.window,
            center=self.center,
            pad_mode=self.pad_mode,
            normalized=self.normalized == "frame_length",
            onesided=self.onesided,
            return_complex=True,
        )
        bins = bins.reshape(*shape[:-1], *bins.shape[-2:])
        if self.normalized is True or self.normalized == "window":
            bins = bins / self.window.pow(2.0).sum().sqrt()
        if self.power is None:
            return bins
        return bins.abs() if self.power == 1.0 else bins.abs().pow(self.power)


class _Absent:
    """Stands for a class that training needs and generating does not."""

    def __init__(self, *_: object, **__: object) -> None:
        raise NotImplementedError("this part of audiocraft needs torchaudio, which is not installed")


def modules() -> dict[str, dict[str, object]]:
    transforms: dict[str, object] = {
        "Spectrogram": Spectrogram,
        "MelSpectrogram": type("MelSpectrogram", (_Absent,), {}),
        "Loudness": type("Loudness", (_Absent,), {}),
    }
    return {"torchaudio": {}, "torchaudio.transforms": transforms}
