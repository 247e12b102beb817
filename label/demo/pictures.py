"""Pictures of the demo's artists, who do not exist: layers of a coast at dusk, drawn by arithmetic."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

SIZE_PX = 1200
_LIGHTS = (
    ((236, 226, 206), (18, 38, 48)),
    ((240, 214, 178), (58, 26, 24)),
    ((214, 222, 226), (24, 26, 44)),
    ((232, 218, 196), (20, 44, 34)),
)
_LAYERS = 7


def coast(seed: int) -> bytes:
    """A square RGB JPEG of 1200 px; the same seed gives the same bytes."""
    rng = np.random.Generator(np.random.PCG64(seed))
    light, dark = (np.array(colour, dtype=np.float64) for colour in _LIGHTS[seed % len(_LIGHTS)])
    across = np.arange(SIZE_PX) / SIZE_PX
    down = np.arange(SIZE_PX)[:, None] / SIZE_PX
    depth = np.clip(down * 0.12, 0, 1) + np.zeros((1, SIZE_PX))
    sun_x, sun_y, radius = rng.uniform(0.25, 0.75), rng.uniform(0.2, 0.34), rng.uniform(0.06, 0.1)
    depth -= 0.14 * np.clip((radius - np.hypot(across - sun_x, down - sun_y)) * 500 + 0.5, 0, 1)
    for layer in range(_LAYERS):
        ridge = np.full(SIZE_PX, 0.4 + 0.085 * layer)
        for octave in range(1, 7):
            wave = octave * rng.uniform(0.7, 1.6)
            ridge += rng.normal(0, 0.05) / octave**1.3 * np.sin(2 * np.pi * (wave * across + rng.uniform()))
        inside = np.clip((down - ridge) * SIZE_PX + 0.5, 0, 1)
        depth += inside * ((layer + 1) / _LAYERS - depth)
    depth = np.clip(depth + rng.normal(0, 0.012, depth.shape), 0, 1)[:, :, None]
    pixels = light * (1 - depth) + dark * depth
    out = io.BytesIO()
    Image.fromarray(pixels.round().astype(np.uint8)).save(out, "JPEG", quality=88)
    return out.getvalue()
