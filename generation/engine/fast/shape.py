"""Sizes of a MusicGen language model, and the bytes that one step must read: what the hardware's limit follows from."""

from collections.abc import Iterator
from dataclasses import dataclass

FRAMES_PER_S = 50
WINDOW_S = 30
STRIDE_S = 18
"""Beyond the window that it was trained on, a model goes on from so far behind the window's start."""


class Unsupported(Exception):
    """The checkpoint or the request holds something that this decoder does not know; the message says what."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`card` codes a codebook (the special token is code number `card`), `delays` in steps for each codebook."""

    layers: int
    width: int
    heads: int
    feed_forward: int
    card: int = 2048
    delays: tuple[int, ...] = (0, 1, 2, 3)
    cross: bool = True
    window: int = WINDOW_S * FRAMES_PER_S
    positions: str = "power"
    """How the sinusoids' periods are computed: "power" as audiocraft does, "exponential" as transformers does.
    They differ in the last bits of float32, which thousands of steps could show."""

    def __post_init__(self) -> None:
        if self.width % self.heads or self.width % 2:
            raise Unsupported(f"a width of {self.width} does not divide among {self.heads} heads")
        if list(self.delays) != sorted(self.delays) or not self.delays or self.delays[0] != 0:
            raise Unsupported(f"codebook delays {self.delays} are not ascending from 0")
        if self.positions not in ("power", "exponential"):
            raise Unsupported(f"unknown positions {self.positions!r}")

    @property
    def codebooks(self) -> int:
        return len(self.delays)

    @property
    def head_width(self) -> int:
        return self.width // self.heads

    def steps(self, frames: int) -> int:
        """Length of the delayed sequence of so many frames, with the special token that it starts with."""
        return frames + self.delays[-1] + 1

    def matrices(self) -> Iterator[tuple[str, int, int]]:
        """Every matrix that a step multiplies with: name, outputs, inputs."""
        for layer in range(self.layers):
            yield f"{layer}.qkv", 3 * self.width, self.width
            yield f"{layer}.out", self.width, self.width
            if self.cross:
                yield f"{layer}.cross_q", self.width, self.width
                yield f"{layer}.cross_out", self.width, self.width
            yield f"{layer}.up", self.feed_forward, self.width
            yield f"{layer}.down", self.width, self.feed_forward
        yield "heads", self.codebooks * self.card, self.width

    def step_weight_bytes(self, item_bytes: int = 2) -> int:
        """What every step reads of the weights, however many rows share it."""
        return item_bytes * sum(outputs * inputs for _, outputs, inputs in self.matrices())

    def kv_bytes_per_position(self, item_bytes: int = 2) -> int:
        """Keys and values that one row keeps for one position, all layers."""
        return 2 * self.layers * self.width * item_bytes

    def step_bytes(
        self, *, rows: int, positions: float, cross_positions: int = 0, item_bytes: int = 2
    ) -> float:
        """The least that one step must read at `positions` of history: weights once, keys and values of every row."""
        kept = positions + (cross_positions if self.cross else 0)
        return self.step_weight_bytes(item_bytes) + rows * kept * self.kv_bytes_per_position(item_bytes)


def _published(layers: int, width: int, heads: int, *, stereo: bool = False, cross: bool = True) -> Shape:
    delays = (0, 0, 1, 1, 2, 2, 3, 3) if stereo else (0, 1, 2, 3)
    return Shape(
        layers=layers, width=width, heads=heads, feed_forward=4 * width, delays=delays, cross=cross
    )  # fmt: skip


SMALL = _published(24, 1024, 16)
MEDIUM = _published(48, 1536, 24)
LARGE = _published(48, 2048, 32)
MELODY = _published(48, 1536, 24, cross=False)
STEREO_SMALL = _published(24, 1024, 16, stereo=True)
PUBLISHED = {
    "small": SMALL,
    "medium": MEDIUM,
    "large": LARGE,
    "melody": MELODY,
    "stereo-small": STEREO_SMALL,
    "stereo-medium": _published(48, 1536, 24, stereo=True),
    "stereo-large": _published(48, 2048, 32, stereo=True),
}
TINY = Shape(layers=2, width=32, heads=4, feed_forward=64, card=256, window=40)
