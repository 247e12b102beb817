"""One set of lanes for everybody who asks a model: takes join and leave while others are made, and memory may run out.

Lanes stay while takes fit into them, so that graphs are captured once. Where memory runs out they are halved, and the
takes that were under way begin again: noise follows from seeds and places, so they come out the same.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from generation.engine.fast.decoder import Decoder, Take
from generation.engine.fast.lanes import Lanes
from generation.engine.fast.scheduler import Advanced, Chunk, Event, Finished, Scheduler
from generation.engine.fast.shortage import ran_out

LANES = {"cuda": 32, "cpu": 4}
"""So many takes at a time: what one block of rows holds (`products.ROW_BLOCK`), as guided takes have two rows each."""
MEMORY_SHARE = 0.8
_CROSS_POSITIONS = 64


class NoRoom(Exception):
    """There is too little memory for one take."""


@dataclass(kw_only=True, eq=False)
class _Asked:
    """A take as it was submitted, and what was told of it: nothing is told twice, though it begin twice."""

    ticket: int
    take: Take
    owner: str
    chunk_frames: int
    first_chunk_frames: int
    frames: int = 0
    sent: int = 0


class Floor:
    """Steps through all takes of all owners. One thread submits, cancels, steps and reads."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.asked = self.slots = LANES.get(decoder.weights.device.type, 1)
        self._scheduler: Scheduler | None = None
        self._lanes: Lanes | None = None
        self._waiting: deque[_Asked] = deque()
        self._running: dict[int, _Asked] = {}
        """By the scheduler's ticket."""
        self._events: dict[int, list[Event]] = {}
        self._next = 0

    @property
    def idle(self) -> bool:
        return not self._waiting and not self._running

    @property
    def batch(self) -> int:
        """So many takes are made at a time."""
        return self.slots if self._lanes is None else self._lanes.slots

    @property
    def products(self) -> str:
        """How matrix products are made: what decides a take's bits beside its seed."""
        few = self.decoder.are_few(self.asked)
        return "for few" if few else f"in blocks of {self.decoder.row_block}"

    def set_most(self, most: int) -> None:
        """So many takes at a time at most; 0: as the device likes. What memory forbade before is tried again.

        MUST be called while idle.
        """
        self.asked = most or LANES.get(self.decoder.weights.device.type, 1)
        if self.slots != self.asked:
            self.slots = self.asked
            self._scheduler = self._lanes = None

    def submit(
        self, takes: Sequence[Take], *, owner: str, chunk_frames: int = 0, first_chunk_frames: int = 0
    ) -> list[int]:
        """Queue takes; returns their tickets. One owner's takes do not hold up another's: free lanes go to whoever has
        the fewest.
        """
        tickets = []
        for take in takes:
            self._waiting.append(
                _Asked(
                    ticket=self._next, take=take, owner=owner, chunk_frames=chunk_frames,
                    first_chunk_frames=first_chunk_frames,
                )
            )  # fmt: skip
            self._events[self._next] = []
            tickets.append(self._next)
            self._next += 1
        return tickets

    def cancel(self, tickets: Sequence[int]) -> None:
        """Take them out, waiting or running; what was told and not read is gone, too."""
        gone = set(tickets)
        self._waiting = deque(one for one in self._waiting if one.ticket not in gone)
        for number, one in list(self._running.items()):
            if one.ticket in gone:
                if self._scheduler is not None:
                    self._scheduler.cancel(number)
                del self._running[number]
        for ticket in gone:
            self._events.pop(ticket, None)

    def read(self, ticket: int) -> list[Event]:
        """What happened to this take since it was asked last."""
        found, self._events[ticket] = self._events[ticket], []
        return found

    def warm(self, take: Take, between: Callable[[], None]) -> None:
        """Capture the graphs that this take will need, so that nobody waits for them in the middle.

        `between` is called before each; what it raises reaches the caller.
        """
        self._steadily(lambda: self._admit())
        if self._lanes is not None:
            lanes, positions = self._lanes, self._positions(take)
            self._steadily(
                lambda: (
                    lanes.warm(
                        positions, nucleus=take.sampling.top_p > 0, lanes=len(self._running), between=between
                    )
                    if lanes is self._lanes
                    else None
                )
            )

    def step(self) -> None:
        """Fill free lanes and make one step of all. Raises NoRoom."""
        self._steadily(self._step)

    def halve(self) -> None:
        """Free the lanes; fewer take their place, and what was under way begins again. Raises NoRoom at one."""
        one_left = self.batch == 1
        self.slots = max(1, self.batch // 2)
        again = sorted(self._running.values(), key=lambda one: one.ticket)
        self._running.clear()
        self._waiting.extendleft(reversed(again))
        self._scheduler = self._lanes = None
        self.decoder.release()
        if self.decoder.weights.device.type == "cuda":
            torch.cuda.empty_cache()
        if one_left:
            raise NoRoom

    def _steadily(self, work: Callable[[], None]) -> None:
        while True:
            try:
                work()
            except (RuntimeError, MemoryError) as error:
                if not ran_out(error):
                    raise
            else:
                return
            self.halve()  # outside of the handler: the error holds on to the memory that is to be freed

    def _step(self) -> None:
        self._admit()
        if self._scheduler is not None:
            for event in self._scheduler.step():
                self._tell(event)

    def _tell(self, event: Event) -> None:
        one = self._running.get(event.ticket)
        if one is None:
            return
        if isinstance(event, Finished):
            del self._running[event.ticket]
        elif isinstance(event, Advanced):
            if event.frames <= one.frames:
                return
            one.frames = event.frames
        else:
            new = event.first + event.codes.shape[-1] - one.sent
            if new <= 0:
                return
            event = Chunk(ticket=event.ticket, first=one.sent, codes=event.codes[:, -new:])
            one.sent += new
        self._events[one.ticket].append(replace(event, ticket=one.ticket))

    def _admit(self) -> None:
        """Hand over what waits, in order. What does not fit into these lanes waits until they are empty."""
        while self._waiting:
            one = self._waiting[0]
            if self._scheduler is None or not self._fits(one.take):
                if self._running:
                    return
                self._lay_out(one.take)
            assert self._scheduler is not None
            number = self._scheduler.submit(
                one.take, owner=one.owner, chunk_frames=one.chunk_frames,
                first_chunk_frames=one.first_chunk_frames,
            )  # fmt: skip
            self._running[number] = one
            self._waiting.popleft()

    def _lay_out(self, take: Take) -> None:
        self._scheduler = self._lanes = None
        decoder = self.decoder
        positions = max(self._positions(take), decoder.shape.steps(decoder.shape.window))
        slots = self.slots
        if decoder.weights.device.type == "cuda":
            free, _ = torch.cuda.mem_get_info()
            free += torch.cuda.memory_reserved() - torch.cuda.memory_allocated() + decoder.kept_bytes
            slots = max(1, min(slots, int(MEMORY_SHARE * free / decoder.lanes_bytes(1, positions=positions))))
        cross = max(_CROSS_POSITIONS, _cross_positions(take)) if decoder.shape.cross else 0
        # By what was asked for, not by what memory allows: takes that begin again are to come out the same.
        few = decoder.are_few(self.asked)
        self._lanes = decoder.lanes(slots, positions=positions, cross_positions=cross, few=few)
        self._scheduler = Scheduler(self._lanes, reserve=0)

    def _fits(self, take: Take) -> bool:
        assert self._lanes is not None
        return (
            self._positions(take) <= self._lanes.positions
            and _cross_positions(take) <= self._lanes.cross_positions
        )

    def _positions(self, take: Take) -> int:
        shape = self.decoder.shape
        return take.conditions_at(0).prefix_length + shape.steps(min(take.frames, shape.window))


def _cross_positions(take: Take) -> int:
    cross = take.conditions_at(0).cross
    return 0 if cross is None else int(cross.shape[0])
