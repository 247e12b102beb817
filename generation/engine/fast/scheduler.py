"""Continuous batching: takes of several owners and of different lengths share every step of one set of lanes.

A lane that becomes free is given, between two steps, to the owner who has the fewest; among equals to whoever is in a
hurry, then to whoever asked first. While others may come, one owner cannot have all lanes: `reserve` stay free for
another.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from generation.engine.fast.decoder import AHEAD, Take
from generation.engine.fast.graphs import Pace
from generation.engine.fast.lanes import Conditions, Lanes, Start
from generation.engine.fast.patterns import complete_frames, delayed, undelayed, windows


@dataclass(frozen=True, kw_only=True)
class Advanced:
    """`frames` of the take's own (a prompt's not counted) are asked of the device, at most `decoder.AHEAD`
    steps before they are made.
    """

    ticket: int
    frames: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """Codes `[codebooks, n]` of a take that is still being made, from frame `first` on. The prompt's come first."""

    ticket: int
    first: int
    codes: Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Finished:
    """All codes of a take `[codebooks, frames]`, int64 on the CPU."""

    ticket: int
    codes: Tensor


Event = Advanced | Chunk | Finished


@dataclass(kw_only=True, eq=False)
class _Job:
    ticket: int
    take: Take
    owner: str
    urgent: bool
    chunk_frames: int
    first_chunk_frames: int
    spans: list[tuple[int, int, int]]
    codes: Tensor
    number: int = 0
    told: int = 0
    sent: int = field(default=0)

    @property
    def span(self) -> tuple[int, int, int]:
        return self.spans[self.number]


class Scheduler:
    """Steps through everything that was submitted. Not thread-safe: one thread submits, cancels and steps."""

    def __init__(self, lanes: Lanes, *, reserve: int | None = None) -> None:
        self._lanes = lanes
        self._shape = lanes.network.shape
        self._reserve = (lanes.slots // 8 if reserve is None else reserve) if lanes.slots > 1 else 0
        if not 0 <= self._reserve < max(lanes.slots, 1):
            raise ValueError(f"a reserve of {self._reserve} leaves none of {lanes.slots} lanes")
        self._waiting: list[_Job] = []
        self._running: dict[int, _Job] = {}
        self._pace = Pace(lanes.device, AHEAD)
        self._next = 0

    @property
    def idle(self) -> bool:
        return not self._waiting and not self._running

    def submit(
        self, take: Take, *, owner: str = "", urgent: bool = False, chunk_frames: int = 0,
        first_chunk_frames: int = 0,
    ) -> int:  # fmt: skip
        """Queue a take; returns its ticket. With `chunk_frames` its codes are told while it is made, so many at a time;
        of the first chunk `first_chunk_frames` if that is another number.

        Raises ValueError when it can never fit into the lanes.
        """
        if take.guided and not self._lanes.guided:
            raise ValueError("these lanes know no guidance: ask for lanes that do, or for guidance 1")
        spans = windows(take.frames, self._shape.window, take.stride, take.known)
        longest = max(end - start for start, end, _ in spans)
        conditions = take.conditions_at(0)
        if conditions.prefix_length + self._shape.steps(longest) > self._lanes.positions:
            raise ValueError(
                f"a window of {longest} frames does not fit into lanes of {self._lanes.positions} positions"
            )
        if conditions.cross is not None and conditions.cross.shape[0] > self._lanes.cross_positions:
            raise ValueError(
                f"a condition of {conditions.cross.shape[0]} positions does not fit into these lanes"
            )
        empty = torch.zeros(self._shape.codebooks, 0, dtype=torch.int64)
        codes = empty if take.prompt is None else take.prompt.to("cpu", torch.int64)
        if codes.shape[0] != self._shape.codebooks:
            raise ValueError(f"the prompt has {codes.shape[0]} codebooks, the model {self._shape.codebooks}")
        job = _Job(
            ticket=self._next, take=take, owner=owner, urgent=urgent, chunk_frames=chunk_frames,
            first_chunk_frames=first_chunk_frames or chunk_frames, spans=spans, codes=codes,
        )  # fmt: skip
        self._next += 1
        self._waiting.append(job)
        return job.ticket

    def cancel(self, ticket: int) -> None:
        """Take it out, waiting or running; its lane is free for the next step. No such ticket: nothing happens."""
        self._waiting = [job for job in self._waiting if job.ticket != ticket]
        for slot, job in list(self._running.items()):
            if job.ticket == ticket:
                self._lanes.stop(slot)
                del self._running[slot]

    def close(self) -> None:
        """Cancel everything."""
        self._waiting.clear()
        for slot in list(self._running):
            self._lanes.stop(slot)
        self._running.clear()

    def step(self) -> list[Event]:
        """Fill free lanes, make one step of all, and return what came of it."""
        self._admit()
        if not self._running:
            return []
        self._lanes.advance()
        self._pace.step()
        events: list[Event] = []
        for slot, job in list(self._running.items()):
            events += self._after_step(slot, job)
        return events

    def _after_step(self, slot: int, job: _Job) -> list[Event]:
        events: list[Event] = []
        start, end, known = job.span
        ready = start + min(end - start, max(known, complete_frames(self._shape, self._lanes.written(slot))))
        made = ready - job.take.known
        if made > job.told:
            job.told = made
            events.append(Advanced(ticket=job.ticket, frames=made))
        done = self._lanes.is_done(slot)
        wanted = job.chunk_frames if job.sent else job.first_chunk_frames
        if not done and job.chunk_frames and ready - job.sent >= wanted:
            self._collect(slot, job, ready)
            events.append(self._chunk(job))
        if not done:
            return events
        self._collect(slot, job, end)
        if job.number + 1 < len(job.spans):
            job.number += 1
            self._begin([slot], [job])
            return events
        if job.chunk_frames and job.codes.shape[-1] > job.sent:
            events.append(self._chunk(job))
        self._lanes.stop(slot)
        del self._running[slot]
        events.append(Finished(ticket=job.ticket, codes=job.codes))
        return events

    def _collect(self, slot: int, job: _Job, ready: int) -> None:
        """Fetch the codes of the frames up to `ready`. Waits for the device."""
        start, have = job.span[0], job.codes.shape[-1]
        if ready > have:
            new = undelayed(self._shape, self._lanes.sequence(slot), have - start, ready - start)
            job.codes = torch.cat([job.codes, new], dim=-1)

    def _chunk(self, job: _Job) -> Chunk:
        first, job.sent = job.sent, int(job.codes.shape[-1])
        return Chunk(ticket=job.ticket, first=first, codes=job.codes[:, first:])

    def _admit(self) -> None:
        free = [slot for slot in range(self._lanes.slots) if slot not in self._running]
        chosen: list[tuple[int, _Job]] = []
        counts = Counter(job.owner for job in self._running.values())
        while free and self._waiting:
            job = self._best(counts)
            if job is None:
                break
            self._waiting.remove(job)
            counts[job.owner] += 1
            chosen.append((free.pop(0), job))
        # Takes that begin alike are begun together, which computes what they share once.
        groups: dict[tuple[int, int], list[tuple[int, _Job]]] = {}
        for slot, job in chosen:
            groups.setdefault((id(job.take.conditions), id(job.take.prompt)), []).append((slot, job))
        for members in groups.values():
            self._begin([slot for slot, _ in members], [job for _, job in members])

    def _best(self, counts: Counter[str]) -> _Job | None:
        most = self._lanes.slots - self._reserve
        allowed = [job for job in self._waiting if counts[job.owner] < most]
        return min(allowed, key=lambda job: (counts[job.owner], not job.urgent, job.ticket), default=None)

    def _begin(self, slots: Sequence[int], jobs: Sequence[_Job]) -> None:
        starts = []
        conditions: Conditions | None = None
        for job in jobs:
            start, end, known = job.span
            prompt = job.codes[:, start : start + known]
            # The step before the first unknown code goes through the lanes: it makes the first logits.
            starts.append(
                Start(
                    sequence=delayed(self._shape, prompt, end - start),
                    known=known,
                    seed=job.take.seed,
                    window=job.number,
                    sampling=job.take.sampling,
                )
            )
            conditions = conditions or job.take.conditions_at(start)
        assert conditions is not None
        # Sequences of other lengths begin alike, too; what differs lies behind the known steps.
        self._lanes.begin(slots, starts, conditions)
        for slot, job in zip(slots, jobs, strict=True):
            self._running[slot] = job
