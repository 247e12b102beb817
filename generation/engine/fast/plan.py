"""What a step must cost by arithmetic, without a GPU: the kernels it launches and the bytes it reads. Not measured.

A step's least time is its bytes over the memory's bandwidth; each kernel of its graph adds the time from the end of the
one before to its own first byte, which is nowhere published: 1 to 2 microseconds on these GPUs, so both ends are shown.
"""

from dataclasses import dataclass

from generation.engine.fast.kernels_sizes import SPLIT
from generation.engine.fast.products import FEW, ROW_BLOCK
from generation.engine.fast.shape import FRAMES_PER_S, PUBLISHED, Shape

GPUS = {"H100": 3.35e12, "H200": 4.8e12}
"""Bytes a second by NVIDIA's datasheets (SXM)."""
COPYING = 0.9
"""What a large copy reaches of it."""
KERNEL_S = (1e-6, 2e-6)
WORDS = 16
"""Positions of the text that takes are conditioned on, here and in the benchmark."""
MELODY = 250
"""Positions that a melody and its text take in front of the codes: 235 of chroma, some words."""
CODEC_BOOKS = 4
"""Codebooks of one channel."""
GOAL = 0.6


@dataclass(frozen=True, kw_only=True)
class Step:
    """The mean step of `takes` guided takes of `seconds`, in half precision."""

    model: str
    takes: int
    few: bool
    kernels: float
    weight_bytes: int
    kept_bytes: float
    activation_bytes: int

    @property
    def bytes(self) -> float:
        """What comes from memory: activations stay in the second cache."""
        return self.weight_bytes + self.kept_bytes

    def ceiling_s(self, bandwidth: float) -> float:
        return self.bytes / (COPYING * bandwidth)

    def seconds(self, bandwidth: float, kernel_s: float) -> float:
        return self.ceiling_s(bandwidth) + self.kernels * kernel_s

    def share(self, bandwidth: float, kernel_s: float) -> float:
        """Of the ceiling, at the best: kernels that stream as a copy does."""
        return self.ceiling_s(bandwidth) / self.seconds(bandwidth, kernel_s)


def step(model: str, takes: int, *, seconds: float = 30.0) -> Step:
    """The plan of one published model."""
    shape = PUBLISHED[model]
    rows, few = 2 * takes, 2 * takes <= FEW
    prefix, steps = (0 if shape.cross else MELODY), shape.steps(round(seconds * FRAMES_PER_S)) - 1
    split = sum(prefix + at + 1 > SPLIT for at in range(steps)) / steps
    kept = rows * shape.kv_bytes_per_position()
    positions = prefix + (steps + 1) / 2
    return Step(
        model=model,
        takes=takes,
        few=few,
        kernels=kernels_of(shape, few=few, splits=1) + shape.layers * split,
        weight_bytes=shape.step_weight_bytes(),
        kept_bytes=kept * (positions + (WORDS if shape.cross else 0)),
        activation_bytes=activation_bytes(
            shape, rows if few else -(-rows // ROW_BLOCK["cuda"]) * ROW_BLOCK["cuda"]
        ),
    )


def kernels_of(shape: Shape, *, few: bool, splits: int) -> int:
    """Kernels of one step with attention in so many splits. A library that splits a product itself adds one for it."""
    own = 1 if splits == 1 else 2
    if few:  # norms, GELU and additions are part of the products
        layer = 4 + own + (3 if shape.cross else 0)
        return shape.layers * layer + 4  # enter, logits, leave, one position on
    layer = 7 + own + (4 if shape.cross else 0)
    return shape.layers * layer + 5


def activation_bytes(shape: Shape, rows: int, item_bytes: int = 2) -> int:
    """What the products of a step read and write beside the weights."""
    return rows * item_bytes * sum(outputs + inputs for _, outputs, inputs in shape.matrices())


def report(models: list[str], batches: list[int], *, seconds: float = 30.0) -> str:
    """The table as Markdown, with what must be said beside it."""
    head = ["model", "takes", "products", "kernels a step", "weights GB", "keys, values GB", "activations MB"]
    for gpu in GPUS:
        head += [f"{gpu}: ceiling ms", "step ms", "share of ceiling", "x real time"]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for model in models:
        for takes in batches:
            one = step(model, takes, seconds=seconds)
            cells = [
                model, str(takes), "for few rows" if one.few else f"blocks of {ROW_BLOCK['cuda']}",
                f"{one.kernels:.0f}", f"{one.weight_bytes / 1e9:.2f}", f"{one.kept_bytes / 1e9:.2f}",
                f"{one.activation_bytes / 1e6:.0f}",
            ]  # fmt: skip
            for bandwidth in GPUS.values():
                best, worst = (one.seconds(bandwidth, kernel_s) for kernel_s in KERNEL_S)
                cells += [
                    f"{1000 * one.ceiling_s(bandwidth):.2f}", f"{1000 * best:.2f} to {1000 * worst:.2f}",
                    f"{100 * one.share(bandwidth, KERNEL_S[1]):.0f} to {100 * one.share(bandwidth, KERNEL_S[0]):.0f} %",
                    f"{takes / worst / FRAMES_PER_S:.0f} to {takes / best / FRAMES_PER_S:.0f}",
                ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    copying = ", ".join(f"{gpu} {bandwidth / 1e12:.2f} TB/s" for gpu, bandwidth in GPUS.items())
    kernel = " to ".join(f"{1e6 * kernel_s:g}" for kernel_s in KERNEL_S)
    words = f"{WORDS} positions of text ({MELODY} in front for melody)"
    about = [
        "calculated, nothing here is measured",
        f"the mean of the steps of takes of {seconds:g} s, guided, half precision, {words}",
        f"ceiling: weights once a step, keys and values of every row, at {100 * COPYING:.0f} % of {copying}",
    ]
    about.append(
        f"a step: the ceiling and {kernel} microseconds for each kernel, if each streams as fast as a copy; "
        f"the goal is {100 * GOAL:.0f} % of the ceiling"
    )
    return "\n".join([*lines, "", *(f"- {line}" for line in about)])
