"""How fast the decoder is here, beside the hardware's limit and the loops that it replaces. Needs no weights.

    python -m generation.engine.fast.benchmark                    # small, medium and large, 1 and 30 takes of 30 s
    python -m generation.engine.fast.benchmark --models large --batches 1 --baseline-seconds 10 --profile steps.txt
    python -m generation.engine.fast.benchmark --acestep          # ACE-Step beside diffusers' own calls
    python -m generation.engine.fast.benchmark --plan             # what arithmetic allows; needs no GPU
    python -m generation.engine.fast.benchmark --tiny             # anywhere, in seconds; its figures mean nothing

Weights are random, of the published sizes. All figures are of this run: the ceiling is the least that the steps must
read (weights once a step, keys and values of every row) over the copy bandwidth measured here.
"""

import argparse
import gc
import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from generation.engine.fast import NAME, VERSION, baselines, plan
from generation.engine.fast.codec import ChunkedDecoder, codec_of
from generation.engine.fast.decoder import Decoder, Take
from generation.engine.fast.lanes import Conditions, Lanes
from generation.engine.fast.sampling import Sampling
from generation.engine.fast.scheduler import Chunk, Finished, Scheduler
from generation.engine.fast.shape import FRAMES_PER_S, PUBLISHED, TINY, Shape
from generation.engine.fast.weights import random_weights

GUIDANCE = 3.0
CHUNK_FRAMES = 10
COLUMNS = (
    "model", "takes", "products", "steps/s", "audio s per s", "ms per step p50", "p99", "peak GiB", "ceiling ms",
    "share of ceiling", "x audiocraft", "x transformers",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One row of the table. A ratio is how many times longer the loop takes for the same takes, one after another."""

    model: str
    takes: int
    seconds: float
    products: str
    attention: str
    graphs: str
    wall_s: float
    steps_per_s: float
    audio_s_per_s: float
    p50_ms: float
    p99_ms: float
    peak_bytes: int
    ceiling_ms: float
    share_of_ceiling: float
    audiocraft_ratio: float | None
    transformers_ratio: float | None

    def cells(self) -> list[str]:
        def ratio(value: float | None) -> str:
            return "-" if value is None else f"{value:.1f}"

        return [
            self.model, str(self.takes), self.products, f"{self.steps_per_s:.1f}", f"{self.audio_s_per_s:.2f}",
            f"{self.p50_ms:.3f}", f"{self.p99_ms:.3f}", f"{self.peak_bytes / 2**30:.2f}", f"{self.ceiling_ms:.3f}",
            f"{100 * self.share_of_ceiling:.0f} %", ratio(self.audiocraft_ratio), ratio(self.transformers_ratio),
        ]  # fmt: skip


class Bench:
    """One run on one device."""

    def __init__(
        self, *, device: str, dtype: torch.dtype, seconds: float, baseline_seconds: float, tiny: bool
    ) -> None:
        self.device, self.dtype, self.tiny = torch.device(device), dtype, tiny
        self.seconds, self.baseline_seconds = seconds, baseline_seconds
        self.bandwidth = self.copy_bandwidth(2**22 if tiny else 2**30)
        self.notes: list[str] = []

    def synchronize(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def copy_bandwidth(self, size: int) -> float:
        """Bytes a second, read and written, of copying `size` bytes: the best of ten."""
        source = torch.ones(size // 4, device=self.device)
        target = torch.empty_like(source)
        best = 0.0
        for _ in range(10):
            self.synchronize()
            before = time.perf_counter()
            target.copy_(source)
            self.synchronize()
            best = max(best, 2 * size / (time.perf_counter() - before))
        return best

    def model(
        self, name: str, batches: list[int], row_blocks: list[int | None], profile: Path | None
    ) -> list[Measured]:
        """All rows of one model, and its baselines, which are timed first and freed."""
        shape = PUBLISHED[name]
        if self.tiny:
            name, shape = f"tiny {name}", tiny_of(shape)
        loops = {
            "audiocraft": self.baseline(baselines.audiocraft, shape, "audiocraft"),
            "transformers": self.baseline(baselines.transformers, shape, "transformers"),
        }
        weights = random_weights(shape, device=self.device, dtype=self.dtype)
        length = plan.WORDS if shape.cross else plan.MELODY
        made: Any = torch.randn(length, shape.width, device=self.device, dtype=self.dtype)
        kind = "cross" if shape.cross else "prefix"
        conditions = Conditions(**{kind: made, f"null_{kind}": torch.zeros_like(made)})
        rows = []
        for row_block in row_blocks:
            decoder = Decoder(weights, row_block=row_block)
            if decoder.attention_reason and self.device.type == "cuda":
                self.note(
                    f"{name}: attention by {decoder.attention}, not all is ours: {decoder.attention_reason}"
                )
            for takes in batches:
                try:
                    rows.append(self.batch(name, decoder, conditions, takes, loops, profile))
                except torch.OutOfMemoryError:
                    self.notes.append(f"{name}, {takes} takes: too little memory on this device")
                decoder.release()
                self.free()
        self.first_audible(name, Decoder(weights), conditions)
        return rows

    def batch(
        self, name: str, decoder: Decoder, conditions: Conditions, count: int, loops: dict[str, float | None],
        profile: Path | None,
    ) -> Measured:  # fmt: skip
        """`count` takes as one batch, every step timed on the device."""
        shape = decoder.shape
        frames = round(self.seconds * FRAMES_PER_S)
        takes = [
            Take(seed=seed, frames=frames, conditions=conditions, sampling=Sampling(guidance=GUIDANCE))
            for seed in range(count)
        ]
        lanes = decoder.lanes_for(takes)
        lanes.warm(conditions.prefix_length + shape.steps(frames))
        decoder.generate([Take(seed=0, frames=2, conditions=conditions)], lanes=lanes)
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        marks = self.timed_steps(lanes, takes)
        steps = len(marks) - 1
        wall = marks[-1] - marks[0]
        each = sorted(1000 * (after - before) for before, after in pairwise(marks))
        item = torch.empty((), dtype=self.dtype).element_size()
        first = conditions.prefix_length + 1
        needed = sum(
            shape.step_bytes(rows=2 * count, positions=at, cross_positions=plan.WORDS, item_bytes=item)
            for at in range(first, first + steps)
        )
        ceiling = needed / self.bandwidth
        if profile is not None:
            self.write_profile(profile, f"{name} x {count}", lanes, takes)
        return Measured(
            model=name, takes=count, seconds=self.seconds, attention=decoder.attention,
            products="few" if lanes.products.name == "triton" else f"blocks of {decoder.row_block}",
            graphs=lanes.graphs_off or f"{lanes.graph_count} captured", wall_s=wall, steps_per_s=steps / wall,
            audio_s_per_s=count * self.seconds / wall, p50_ms=each[len(each) // 2],
            p99_ms=each[min(len(each) - 1, int(0.99 * len(each)))], peak_bytes=self.peak(),
            ceiling_ms=1000 * ceiling / steps, share_of_ceiling=ceiling / wall,
            audiocraft_ratio=self.ratio(loops["audiocraft"], count, wall),
            transformers_ratio=self.ratio(loops["transformers"], count, wall),
        )  # fmt: skip

    def timed_steps(self, lanes: Lanes, takes: list[Take]) -> list[float]:
        """Seconds at the start and after every step, by the device's clock where it has one."""
        scheduler = Scheduler(lanes, reserve=0)
        for take in takes:
            scheduler.submit(take)
        self.synchronize()
        if self.device.type != "cuda":
            marks = [time.perf_counter()]
            while not scheduler.idle:
                scheduler.step()
                marks.append(time.perf_counter())
            return marks
        begun = torch.cuda.Event(enable_timing=True)
        begun.record()
        events = []
        while not scheduler.idle:
            scheduler.step()
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            events.append(event)
        torch.cuda.synchronize()
        return [0.0, *(begun.elapsed_time(event) / 1000 for event in events)]

    def ratio(self, per_second: float | None, count: int, wall: float) -> float | None:
        """How many times longer the loop takes for as many takes of this length, one after another."""
        return None if per_second is None else count * self.seconds * per_second / wall

    def baseline(self, build: Callable[..., baselines.Run], shape: Shape, name: str) -> float | None:
        """Wall seconds for one second of one take by an eager loop; None where it cannot be had, with a note."""
        frames = round(self.baseline_seconds * FRAMES_PER_S)
        run: baselines.Run | None = None
        try:
            run = build(shape, device=str(self.device), dtype=self.dtype, guidance=GUIDANCE)
            run(8)  # libraries set themselves up on first use
            self.synchronize()
            before = time.perf_counter()
            run(frames)
            self.synchronize()
            wall = time.perf_counter() - before
        except ImportError as error:
            self.note(f"{name} is not installed here ({error}): no ratio to it")
            return None
        except Exception as error:  # another version of it must not cost our own figures
            self.note(
                f"{name} does not run here ({type(error).__name__}: {str(error)[:200]}): no ratio to it"
            )
            return None
        finally:
            run = None  # the model goes before the next one comes
            self.free()
        return wall / self.baseline_seconds

    def note(self, line: str) -> None:
        """Say this below the table, once."""
        if line not in self.notes:
            self.notes.append(line)

    def first_audible(self, name: str, decoder: Decoder, conditions: Conditions) -> None:
        """Note how long the first second of a take's sound takes, codes and codec, graphs warm."""
        try:
            codec = codec_of(baselines.codec(device=str(self.device), tiny=self.tiny))
            codec = replace(codec, channels=decoder.shape.codebooks // plan.CODEC_BOOKS)
        except Exception as error:  # as above
            self.note(f"{name}: first audible second not measured, no codec of transformers here ({error})")
            return
        take = Take(seed=1, frames=round(self.seconds * FRAMES_PER_S), conditions=conditions)
        lanes = decoder.lanes_for([take])
        lanes.warm(conditions.prefix_length + decoder.shape.steps(take.frames))
        wanted = min(codec.sample_rate_hz, take.frames * codec.hop)
        walls = []
        for _ in range(2):  # the first one warms the codec
            chunked, samples = ChunkedDecoder(codec), 0
            scheduler = Scheduler(lanes)
            self.synchronize()
            before = time.perf_counter()
            scheduler.submit(take, chunk_frames=CHUNK_FRAMES)
            while samples < wanted:
                for event in scheduler.step():
                    if isinstance(event, Chunk):
                        samples += chunked.push(event.codes).shape[-1]
                    if isinstance(event, Finished):
                        samples += chunked.push(event.codes[:, :0], last=True).shape[-1]
            walls.append(time.perf_counter() - before)
            scheduler.close()
        self.notes.append(
            f"{name}: the first {wanted / codec.sample_rate_hz:g} s of sound after {walls[-1]:.3f} s"
        )

    def write_profile(self, file: Path, title: str, lanes: Lanes, takes: list[Take]) -> None:
        """Append what the kernels of 20 steps took to `file`."""
        from torch.profiler import ProfilerActivity, profile

        scheduler = Scheduler(lanes, reserve=0)
        for take in takes:
            scheduler.submit(take)
        scheduler.step()
        activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (self.device.type == "cuda")
        with profile(activities=activities) as profiler:
            for _ in range(min(20, takes[0].frames)):
                scheduler.step()
            self.synchronize()
        scheduler.close()
        order = "self_cuda_time_total" if self.device.type == "cuda" else "self_cpu_time_total"
        with file.open("a") as out:
            out.write(f"{title}\n{profiler.key_averages().table(sort_by=order, row_limit=25)}\n")

    def peak(self) -> int:
        return int(torch.cuda.max_memory_allocated()) if self.device.type == "cuda" else 0

    def free(self) -> None:
        if self.device.type == "cuda":
            gc.collect()
            torch.cuda.empty_cache()


def tiny_of(shape: Shape) -> Shape:
    """A tiny model of the same kind: codebooks, conditions."""
    return replace(TINY, delays=shape.delays, cross=shape.cross)


def table(rows: list[Measured]) -> str:
    """The rows as Markdown."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(argv: list[str]) -> int:
    """Measure, print the table and what must be said beside it. Returns 0."""
    parser = argparse.ArgumentParser(
        prog="generation.engine.fast.benchmark", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "--models",
        nargs="+",
        choices=list(PUBLISHED),
        default=None,
        metavar="MODEL",
        help=f"of {', '.join(PUBLISHED)}; without it small, medium, large",
    )
    parser.add_argument(
        "--batches",
        nargs="+",
        type=int,
        default=[1, 30],
        metavar="TAKES",
        help="takes made together (1 and 30)",
    )
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="length of a take, at most the window of 30"
    )
    parser.add_argument(
        "--baseline-seconds", type=float, default=None, help="length of the loops' take (as --seconds)"
    )
    parser.add_argument(
        "--row-blocks",
        nargs="+",
        type=int,
        default=None,
        metavar="ROWS",
        help="products in blocks of so many rows instead of as the device likes; 0 takes the batch as it is",
    )
    parser.add_argument(
        "--device",
        default="cuda" if torch.cuda.is_available() else "cpu",
        help="cuda where there is one, else cpu",
    )
    parser.add_argument("--acestep", action="store_true", help="ACE-Step instead of MusicGen")
    parser.add_argument(
        "--plan",
        action="store_true",
        help="calculate what H100 and H200 allow, measure nothing; needs no GPU",
    )
    parser.add_argument("--tiny", action="store_true", help="a tiny model: to see that this runs")
    parser.add_argument("--profile", type=Path, help="append tables of kernels to this file")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args(argv)
    models = asked.models or (["small"] if asked.tiny else ["small", "medium", "large"])
    if asked.plan:
        sys.stdout.write(plan.report(models, asked.batches, seconds=asked.seconds) + "\n")
        return 0
    if asked.acestep:
        from generation.engine.fast import benchmark_acestep

        sys.stdout.write(
            benchmark_acestep.report(asked.device, asked.batches, asked.seconds, tiny=asked.tiny) + "\n"
        )
        return 0
    batches, seconds = asked.batches, asked.seconds
    if asked.device == "cpu" and not asked.tiny:
        sys.stderr.write(
            "No GPU: the published sizes take hours here. --tiny shows that it runs, --plan calculates.\n"
        )
    if asked.tiny:
        batches, seconds = [1, 3], min(seconds, 0.4)
    bench = Bench(
        device=asked.device, dtype=torch.float32 if asked.device == "cpu" else torch.float16, seconds=seconds,
        baseline_seconds=min(asked.baseline_seconds or seconds, seconds), tiny=asked.tiny,
    )  # fmt: skip
    rows: list[Measured] = []
    for name in models:
        rows += bench.model(name, batches, asked.row_blocks or [None], asked.profile)
        bench.free()
    device = torch.cuda.get_device_name() if bench.device.type == "cuda" else platform.processor() or "CPU"
    made_by = f"{NAME} {VERSION}, torch {torch.__version__}, {device}, {bench.dtype}"
    loops = f"the loops made one take of {bench.baseline_seconds:g} s eagerly in the same precision"
    about = [
        f"{made_by}, copying {bench.bandwidth / 1e9:.0f} GB/s",
        f"guidance {GUIDANCE:g}, takes of {seconds:g} s; {loops}; a ratio counts the same takes one after another",
        *sorted({f"attention {row.attention}, graphs {row.graphs}" for row in rows}),
        *bench.notes,
    ]
    sys.stdout.write(table(rows) + "\n\n" + "\n".join(f"- {line}" for line in about) + "\n")
    if asked.json:
        asked.json.write_text(
            json.dumps({"about": about, "rows": [asdict(row) for row in rows]}, indent=1) + "\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
