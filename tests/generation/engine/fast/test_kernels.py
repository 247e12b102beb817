"""Our Triton kernels without a GPU: what they compute, by Triton's interpreter; what they become, by its compiler."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import needs

if importlib.util.find_spec("torch"):
    from generation.engine.fast import plan
    from generation.engine.fast.products import FEW
    from generation.engine.fast.shape import LARGE, MELODY, Shape

pytestmark = needs("engines", "triton")

ROOT = Path(__file__).resolve().parents[4]
SM_90 = 90
REGISTERS = 65_536
"""Of one multiprocessor."""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    program = "tests.generation.engine.fast.kernels_program"
    done = subprocess.run(
        [sys.executable, "-m", program], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return read


@pytest.mark.parametrize(
    "what", ["one take", "melody, no guidance", "three takes", "four takes", "two splits"]
)
def test_takes_by_our_kernels_are_those_by_torchs_operators(found: dict[str, Any], what: str) -> None:
    assert found["same"][what]


def test_a_kernel_that_computes_something_else_is_not_used(found: dict[str, Any]) -> None:
    assert re.fullmatch(r"the product kernel is off by [\d.]+ on this device", found["refused"])


def test_a_step_launches_what_the_plan_counts(found: dict[str, Any]) -> None:
    assert found["kernels"] == found["planned"]


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """One kernel as the assembler made it for a Hopper GPU. `code`: the instructions, one a line."""

    registers: int
    stack: int
    shared: int
    local: int
    threads: int
    code: list[str]

    @property
    def programs(self) -> int:
        """So many run on one multiprocessor at a time, by their registers."""
        return REGISTERS // (self.registers * self.threads)

    def first(self, pattern: str) -> int:
        return next(number for number, line in enumerate(self.code) if re.search(pattern, line))

    def count(self, pattern: str) -> int:
        return sum(bool(re.search(pattern, line)) for line in self.code)


def compiled(
    kernel: Any, types: Mapping[str, str], constants: Mapping[str, Any], folder: Path, *, warps: int = 4
) -> Compiled:
    """As on a GPU: addresses and strides of the published sizes are multiples of 16."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    names = list(kernel.arg_names)
    signature = {name: "constexpr" if name in constants else types.get(name, "i32") for name in names}
    even = {
        (number,): [["tt.divisibility", 16]]
        for number, name in enumerate(names)
        if signature[name].startswith("*") or (name.endswith(STRIDES) and signature[name] == "i32")
    }
    made = triton.compile(
        ASTSource(kernel, signature, dict(constants), even), target=GPUTarget("cuda", SM_90, 32),
        options={"num_warps": warps},
    )  # fmt: skip
    file = folder / f"{kernel.__name__}.cubin"
    file.write_bytes(made.asm["cubin"])
    tool = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
    used, code = (
        subprocess.run([tool, what, file], capture_output=True, text=True, check=True).stdout
        for what in ("-res-usage", "-sass")
    )
    numbers = re.search(r"REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)", used)
    assert numbers is not None, used
    registers, stack, shared, local = (int(number) for number in numbers.groups())
    return Compiled(
        registers=registers, stack=stack, shared=shared, local=local, threads=32 * warps,
        code=re.findall(r"/\*[0-9a-f]{4}\*/\s+(.*?);", code),
    )  # fmt: skip


STRIDES = ("_row", "_kind", "_head", "_position", "heads")
HALF, LONG, REAL = "*fp16", "*i64", "*fp32"
PRODUCT = dict.fromkeys(("x", "norm_weight", "norm_bias", "weight", "bias", "out"), HALF) | {"eps": "fp32"}
ATTENTION = dict.fromkeys(("query", "new", "cache", "out"), HALF) | {"lengths": LONG, "scale": "fp32"}


def sound(one: Compiled) -> None:
    assert (one.stack, one.local) == (0, 0), "registers are spilled into memory"
    assert one.shared <= 16_384


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize(
    ("shape", "matrix"), [("large", "qkv"), ("large", "up"), ("large", "down"), ("medium", "down")]
)
def test_products_of_few_rows_stream_their_weights(shape: str, matrix: str, folder: Path) -> None:
    """Every weight by loads of 16 bytes that all leave before anything is waited for, by two programs at a time."""
    from generation.engine.fast import kernels_products
    from generation.engine.fast.shape import PUBLISHED

    outputs, inputs = {
        name.partition(".")[2]: (outputs, inputs) for name, outputs, inputs in PUBLISHED[shape].matrices()
    }[matrix]
    block = kernels_products.outputs_of_a_program(inputs)
    padded = 1 << (inputs - 1).bit_length()
    assert block * padded == kernels_products.TILE
    normed = matrix != "down"
    one = compiled(
        kernels_products._product, PRODUCT,
        {
            "INPUTS": inputs, "PADDED": padded, "OUTPUTS": outputs, "BLOCK": block, "ROWS": FEW, "NORM": normed,
            "BIAS": False, "GELU": matrix == "up", "ADD": not normed,
        },
        folder, warps=8,
    )  # fmt: skip
    sound(one)
    assert one.programs >= 2
    streamed = r"LDG\.E\.EF\.128"
    assert one.count(streamed) == one.count(r"LDG\.E\.EF") >= 6
    waits = one.first("BAR")
    assert all(number < waits for number, line in enumerate(one.code) if re.search(streamed, line))


@pytest.mark.parametrize(("writes", "single"), [(True, False), (False, True)])
def test_attention_reads_sixteen_bytes_at_a_time(writes: bool, single: bool, folder: Path) -> None:
    from generation.engine.fast import kernels, kernels_sizes

    parts = dict.fromkeys(("sums", "peaks", "weights"), HALF if single else REAL)
    constants: dict[str, Any] = {
        "WRITES": writes, "SINGLE": single, "SPLIT": kernels_sizes.SPLIT, "BLOCK": kernels_sizes.BLOCK,
        "WIDTH": LARGE.head_width,
    }  # fmt: skip
    one = compiled(kernels._partial, ATTENTION | parts, constants | ({"splits": 1} if single else {}), folder)
    sound(one)
    assert one.programs >= 6
    assert one.count(r"LDG\.E\.128") >= 8, "four for keys, four for values"


def test_the_other_kernels_compile_and_spill_nothing(folder: Path) -> None:
    from generation.engine.fast import kernels, kernels_ends

    reals = ("logits", "kept", "temperature", "guidance")
    longs = ("sequence", "at", "prefix", "active", "seeds", "windows", "steps", "top_k", "lengths")
    types = dict.fromkeys(reals, REAL) | dict.fromkeys(longs, LONG)
    halves = dict.fromkeys(("embedding", "places", "x"), HALF)
    size = {"CARD": LARGE.card, "PADDED": LARGE.card}
    parts = dict.fromkeys(("sums", "peaks", "weights"), REAL)
    for kernel, given, constants, warps in (
        (kernels_ends._leave, types, size | {"EACH": 2}, 8),
        (
            kernels_ends._enter,
            types | halves,
            {"CODEBOOKS": 4, "EACH": 2, "WIDTH": LARGE.width, "BLOCK": 1024},
            4,
        ),
        (kernels._combine, parts | {"out": HALF}, {"SPLITS": 8, "WIDTH": LARGE.head_width}, 4),
        (kernels._gumbel, types | {"out": REAL}, {"CARD": LARGE.card, "BLOCK": kernels.NOISE_BLOCK}, 4),
    ):
        sound(compiled(kernel, given, constants, folder, warps=warps))


def test_the_plan_has_known_numbers() -> None:
    """By hand: 48 layers of 12 widths squared at least; a position's keys and values of two rows; kernels by layer."""
    one, many = plan.step("large", 1), plan.step("large", 30)
    each = 48 * (3 + 1 + 1 + 1 + 4 + 4) * 2048**2 + 4 * 2048 * 2048
    assert one.weight_bytes == many.weight_bytes == 2 * each
    assert one.kept_bytes == pytest.approx(2 * (2 * 48 * 2048 * 2) * (1504 / 2 + 16))
    assert many.kept_bytes == 30 * one.kept_bytes
    assert plan.kernels_of(LARGE, few=True, splits=2) == 48 * 9 + 4
    assert plan.kernels_of(LARGE, few=False, splits=2) == 48 * 13 + 5
    assert plan.kernels_of(MELODY, few=True, splits=2) == 48 * 6 + 4
    h200 = plan.GPUS["H200"]
    assert one.ceiling_s(h200) == pytest.approx((5.670e9 + 0.604e9) / 4.32e12, rel=1e-3)
    assert one.share(h200, plan.KERNEL_S[1]) > plan.GOAL < many.share(h200, plan.KERNEL_S[1])
    assert Shape.step_bytes(LARGE, rows=2, positions=752, cross_positions=16) == pytest.approx(one.bytes)
