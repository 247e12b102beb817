"""MusicGen and AudioGen in their model process: all requests for a model share the steps of our fast decoder.

Audiocraft's own loop makes takes one after another where that decoder does not know the model. A take's facts say
which, and a seed is worth something with the same one only.

Imported only there (see `host.py`): it loads torch.
"""

import gc
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

import torch

from generation.engine import compat
from generation.engine.base import Audio, Made, Progress, RequestRefused
from generation.engine.fast.floor import NoRoom
from generation.engine.fast.sampling import Sampling
from generation.engine.fast.scheduler import Advanced, Chunk
from generation.engine.fast.shortage import ran_out
from generation.engine.host_process import Hear
from generation.engine.musicgen_fast import FastMusicGen, even_chance
from generation.engine.musicgen_given import Heard, finished, heard, seconds_of
from generation.engine.musicgen_load import STRIDE_S, Loaded, files_of, load, no_room
from generation.engine.musicgen_partial import CHUNK_FRAMES, FIRST_CHUNK_FRAMES, Partials
from generation.modes import UNCONDITIONAL

T = TypeVar("T")


def runner() -> "AudiocraftRunner":
    """The runner for `host_process`."""
    stood_in = compat.install()
    torch.backends.cudnn.benchmark = False  # the same seed, the same bits
    torch.backends.cudnn.deterministic = True
    return AudiocraftRunner(stood_in)


class AudiocraftRunner:
    """Keeps the last model in memory. Requests for it are made together; one for another model waits until they are
    made, and those behind it wait, too, so that it has its turn.
    """

    shares = True

    def __init__(self, stood_in: tuple[str, ...]) -> None:
        self._stood_in = stood_in
        self._key: object = None
        self._loaded: Loaded | None = None
        self._line: deque[int] = deque()
        self._open: set[int] = set()
        self._next = 0

    def run(
        self, job: Mapping[str, Any], progress: Progress, hear: Hear | None = None
    ) -> Iterator[Made | None]:
        """Yield one take a seed, in order, each as its seed gives it alone; None whenever others may have their turn.

        A take that comes out broken or silent is a `FailedTake`.

        Raises:
            EngineUnavailable: the weights cannot be used, and why.
            RequestRefused, EngineFailure: see their messages.
        """
        number, self._next = self._next, self._next + 1
        name, key = job["checkpoint"]["name"], _key(job)
        total = round(seconds_of(job) * 50) * len(job["seeds"])
        self._line.append(number)
        try:
            while not self._may_join(number, key):
                progress(0, total)
                yield None
            self._open.add(number)
        finally:
            self._line.remove(number)
        try:
            loaded = self._ready(job, key)
            _check(loaded.model, job)
            progress(0, total)
            made = (
                self._slow(loaded, job, progress)
                if loaded.fast is None
                else self._quick(loaded, loaded.fast, job, f"request {number}", progress, hear)
            )
            yield from made
        except NoRoom as error:
            raise no_room(name) from error
        finally:
            self._open.discard(number)

    def _may_join(self, number: int, key: object) -> bool:
        if number != self._line[0]:
            return False
        shared = self._loaded is not None and self._loaded.fast is not None and key == self._key
        return shared or not self._open

    def _ready(self, job: Mapping[str, Any], key: object) -> Loaded:
        if key != self._key or self._loaded is None:
            # Frees the old one before the new one needs the room.
            self._key = self._loaded = None
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            self._loaded = load(job["checkpoint"], _device(job), self._stood_in)
            self._key = key
        if self._loaded.fast is not None and len(self._open) == 1:
            self._loaded.fast.floor.set_most(int(job.get("batch", 0)))
        return self._loaded

    def _quick(
        self, loaded: Loaded, fast: FastMusicGen, job: Mapping[str, Any], owner: str, progress: Progress,
        hear: Hear | None,
    ) -> Iterator[Made | None]:  # fmt: skip
        """By our decoder, beside whatever others ask of it. Each take is decoded alone, so that its sound is that of
        its codes whatever is made with it.
        """
        floor = fast.floor

        def with_room(work: Callable[[], T]) -> T:
            while True:
                try:
                    return work()
                except (RuntimeError, MemoryError) as error:
                    if not ran_out(error):
                        raise
                floor.halve()

        what = with_room(lambda: heard(loaded, job))
        takes = with_room(
            lambda: fast.takes(
                prompt=_prompt(job), seeds=job["seeds"], frames=what.frames, sampling=_sampling(job, what),
                known=what.known, melody=what.melody,
            )
        )  # fmt: skip
        partials = None
        if hear is not None and loaded.codec is not None and what.part is None:
            samples = round(what.seconds * loaded.model.sample_rate)
            partials = Partials(loaded.codec, hear, frames=what.frames, samples=samples)
        tickets = floor.submit(
            takes, owner=owner, chunk_frames=CHUNK_FRAMES if partials else 0,
            first_chunk_frames=FIRST_CHUNK_FRAMES,
        )  # fmt: skip
        done = [0] * len(tickets)
        codes: dict[int, torch.Tensor] = {}
        following, total = 0, what.new_frames * len(tickets)
        try:
            # Graphs first, one by one: a cancellation waits for one of them at most, and no step for any.
            floor.warm(takes[0], lambda: progress(0, total))
            while following < len(tickets):
                floor.step()
                chunks: list[tuple[int, int, torch.Tensor]] = []
                for index, ticket in enumerate(tickets):
                    for event in floor.read(ticket):
                        if isinstance(event, Advanced):
                            done[index] = event.frames
                        elif isinstance(event, Chunk):
                            chunks.append((index, event.first, event.codes))
                        else:
                            done[index], codes[index] = what.new_frames, event.codes
                if partials is not None and chunks:
                    partials(chunks)
                progress(sum(done), total)
                while following in codes:
                    tokens = codes.pop(following)
                    sound = with_room(partial(_sound, loaded, tokens))
                    facts = {**loaded.facts, **_asked(job, following), **_room(fast)}
                    yield finished(loaded, job, what, following, sound, facts)
                    following += 1
                yield None
        finally:
            floor.cancel(tickets)

    def _slow(self, loaded: Loaded, job: Mapping[str, Any], progress: Progress) -> Iterator[Made | None]:
        """By audiocraft's own loop, one after another, and nobody else meanwhile."""
        model = loaded.model
        try:
            what = heard(loaded, job)
            _set_up(model, job, what.frames)
            total = what.new_frames * len(job["seeds"])
            progress(0, total)
            for index, seed in enumerate(job["seeds"]):
                steps = _Steps(progress, index * what.new_frames, what, total)
                sound = _sound(loaded, _tokens(model, job, what, seed, steps))
                yield finished(loaded, job, what, index, sound, {**loaded.facts, **_asked(job, index)})
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error):
                raise
            raise NoRoom from error


class _Steps:
    """One take's steps as part of the request's. A model that goes on in a further window counts some steps again."""

    def __init__(self, progress: Progress, before: int, what: Heard, total: int) -> None:
        self._progress, self._before, self._total = progress, before, total
        self._known, self._frames = what.known_frames, what.new_frames
        self._most = 0

    def __call__(self, done: int, _of: int) -> None:
        self._most = max(self._most, min(done - self._known, self._frames))
        self._progress(self._before + self._most, self._total)

    def end(self) -> None:
        self._progress(self._before + self._frames, self._total)


def _tokens(model: Any, job: Mapping[str, Any], what: Heard, seed: int, steps: _Steps) -> torch.Tensor:
    """Codes `[codebooks, frames]` by audiocraft's own loop, as its `generate` functions call it."""
    torch.manual_seed(seed)
    model.set_custom_progress_callback(steps)
    try:
        given = {} if what.melody is None else {"melody_wavs": [what.melody]}
        with even_chance():
            attributes, _ = model._prepare_tokens_and_attributes([_prompt(job)], None, **given)
            known = None if what.known is None else what.known.unsqueeze(0)
            found: torch.Tensor = model._generate_tokens(attributes, known, True)[0]
    finally:
        model.set_custom_progress_callback(None)
    steps.end()
    return found


def _key(job: Mapping[str, Any]) -> object:
    checkpoint = job["checkpoint"]
    stats = [file.stat() for file in files_of(checkpoint) if file.is_file()]
    return (
        checkpoint["folder"],
        checkpoint["kind"],
        checkpoint["trusted"],
        _device(job),
        [(stat.st_size, stat.st_mtime_ns) for stat in stats],
    )


def _device(job: Mapping[str, Any]) -> str:
    asked = str(job.get("device", "auto"))
    if asked != "auto":
        return asked
    return "cuda" if torch.cuda.is_available() else "cpu"


def _check(model: Any, job: Mapping[str, Any]) -> None:
    if job["parameters"]["top_k"] > model.lm.card:
        raise RequestRefused("parameter", f"Top k must be at most {model.lm.card} for this model.")


def _set_up(model: Any, job: Mapping[str, Any], frames: int) -> None:
    """Set what the request asks for, so that audiocraft makes `frames`."""
    asked = job["parameters"]
    rate = float(model.frame_rate)
    if frames / rate > model.max_duration:
        frames += 1  # windows are rounded down
    duration_s = frames / rate
    while int(duration_s * rate) < frames:
        duration_s = math.nextafter(duration_s, math.inf)
    model.set_generation_params(
        duration=duration_s,
        use_sampling=True,
        temperature=asked["temperature"],
        top_k=asked["top_k"],
        top_p=asked["top_p"],
        cfg_coef=asked["guidance"],
        extend_stride=STRIDE_S[job["checkpoint"]["kind"]],
    )


def _prompt(job: Mapping[str, Any]) -> str | None:
    prompt: str = job["prompt"]
    return prompt if prompt.strip() and job["mode"] != UNCONDITIONAL else None


def _sampling(job: Mapping[str, Any], what: Heard) -> Sampling:
    asked = job["parameters"]
    led = _prompt(job) is not None or what.melody is not None
    return Sampling(
        temperature=asked["temperature"],
        top_k=asked["top_k"],
        top_p=asked["top_p"],
        guidance=asked["guidance"] if led else 1.0,  # with neither there is nothing to lead away from
    )


def _sound(loaded: Loaded, codes: torch.Tensor) -> Audio:
    """`[channels, samples]` of codes `[codebooks, frames]`."""
    made = loaded.model.generate_audio(codes.unsqueeze(0).to(loaded.model.device))
    found: Audio = made[0].detach().float().cpu().numpy()
    return found


def _room(fast: FastMusicGen) -> dict[str, str | int]:
    floor = fast.floor
    found: dict[str, str | int] = {"batch": floor.batch, "decoder_products": floor.products}
    if floor.batch < floor.asked:
        found["batch_asked"] = floor.asked
    return found


def _asked(job: Mapping[str, Any], index: int) -> dict[str, str | int]:
    asked = job["parameters"]
    return {
        "mode": job["mode"],
        "seed": job["seeds"][index],
        "guidance_milli": round(asked["guidance"] * 1000),
        "temperature_milli": round(asked["temperature"] * 1000),
        "top_k": asked["top_k"],
        "top_p_milli": round(asked["top_p"] * 1000),
        **job.get("given_facts", {}),
    }
