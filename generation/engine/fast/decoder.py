"""The decoder: weights, and takes out of them. One at a time per object; not thread-safe."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from generation.engine.fast import choosing
from generation.engine.fast.lanes import Conditions, Lanes
from generation.engine.fast.network import Network
from generation.engine.fast.products import FEW, ROW_BLOCK, LibraryProducts
from generation.engine.fast.sampling import Sampling
from generation.engine.fast.shape import FRAMES_PER_S, STRIDE_S
from generation.engine.fast.weights import Weights

AHEAD = 8
"""So many steps the host may be ahead of the device: a cancelled take ends within them, and within 0.2 s where a step
takes less than half of that (`graphs.Pace`).
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Take:
    """One take to make: `frames` in all, after `prompt` `[codebooks, known frames]` if there is one.

    `conditions` are encoded conditions, or a function of the frame at which a window starts (a melody that goes on).
    Takes of one request MAY share one `conditions` object and one `prompt`: then they are computed once.
    """

    seed: int
    frames: int
    sampling: Sampling = field(default_factory=Sampling)
    conditions: Conditions | Callable[[int], Conditions] = field(default_factory=Conditions)
    prompt: Tensor | None = None
    stride: int = STRIDE_S * FRAMES_PER_S

    @property
    def known(self) -> int:
        return 0 if self.prompt is None else int(self.prompt.shape[-1])

    def conditions_at(self, frame: int) -> Conditions:
        return self.conditions(frame) if callable(self.conditions) else self.conditions

    @property
    def guided(self) -> bool:
        """Whether guidance changes anything: coefficient 1 leads where the conditions lead."""
        return self.sampling.guidance != 1.0


class Decoder:
    """Makes codes from takes. Keeps the last lanes and their graphs warm.

    `row_block`: matrix products run on blocks of so many rows (see `products`); 0 takes the batch as it is, and then a
    take's bits depend on how many are made with it. None: as many as the device likes, and on a GPU a lane for a take
    alone has products of its own (`products.FEW` rows), whose rounding is not that of more lanes.
    """

    def __init__(
        self,
        weights: Weights,
        *,
        attention: str = "auto",
        graphs: bool | None = None,
        row_block: int | None = None,
    ) -> None:
        self._parts = choosing.chosen(weights, attention)
        self.attention, self.attention_reason = self._parts.attention.name, self._parts.reason
        self.weights, self.shape = weights, weights.shape
        self._graphs = graphs
        self._few = self._parts.few if row_block is None else None
        self.row_block = ROW_BLOCK.get(weights.device.type, 0) if row_block is None else row_block
        self._many = LibraryProducts(weights, self.row_block)
        self._network = Network(weights, self._parts.attention)
        self._lanes: Lanes | None = None

    def lanes(
        self,
        slots: int,
        *,
        positions: int,
        cross_positions: int = 0,
        guided: bool = True,
        few: bool | None = None,
    ) -> Lanes:
        """Lanes that hold this; the ones kept warm if they do, else new ones in their place. `few` False: with the
        products of many lanes, True: of few where there are such; None: as many as they are.
        """
        if few is None:
            few = self.are_few(slots, guided=guided)
        products = self._many if self._few is None or not few else self._few
        kept = self._lanes
        if (
            kept is not None
            and (kept.slots, kept.guided, kept.products) == (slots, guided, products)
            and kept.positions >= positions
            and kept.cross_positions >= cross_positions
        ):
            for slot in range(slots):
                kept.stop(slot)
            return kept
        del kept
        self.release()  # frees the old ones before the new ones need the room
        self._lanes = Lanes(
            self._network, products, slots=slots, positions=positions, cross_positions=cross_positions, guided=guided,
            graphs=self._graphs, ends=self._parts.ends,
        )  # fmt: skip
        return self._lanes

    def are_few(self, slots: int, *, guided: bool = True) -> bool:
        """Whether so many lanes have products of their own here."""
        return self._few is not None and slots * (2 if guided else 1) <= FEW

    def lanes_bytes(self, slots: int, *, positions: int, guided: bool = True) -> int:
        """About the memory that such lanes need."""
        item = torch.empty((), dtype=self.weights.dtype).element_size()
        return slots * (2 if guided else 1) * (positions + 64) * self.shape.kv_bytes_per_position(item)

    @property
    def kept_bytes(self) -> int:
        """Memory of the lanes that are kept warm."""
        return 0 if self._lanes is None else self._lanes.kept_bytes

    def release(self) -> None:
        """Forget the lanes and their graphs, when the device is done with them: their memory is free."""
        if self._lanes is not None:
            self._lanes.close()
        self._lanes = None

    def generate(
        self,
        takes: Sequence[Take],
        progress: Callable[[int, int], None] | None = None,
        *,
        lanes: Lanes | None = None,
    ) -> list[Tensor]:
        """Codes `[codebooks, frames]` int64 on the CPU for each take, made as one batch.

        `progress(done, total)` counts frames of all takes, at most AHEAD steps before they are made; whatever
        it raises ends the batch
        and reaches the caller, and the next batch is as if nothing had been.
        """
        found: list[Tensor | None] = [None] * len(takes)
        for index, codes in self.each(takes, progress, lanes=lanes):
            found[index] = codes
        return [codes for codes in found if codes is not None]

    def each(
        self,
        takes: Sequence[Take],
        progress: Callable[[int, int], None] | None = None,
        *,
        lanes: Lanes | None = None,
        chunk_frames: int = 0,
        on_chunk: Callable[[int, int, Tensor], None] | None = None,
    ) -> Iterator[tuple[int, Tensor]]:
        """As `generate`, but each take as soon as it is finished, with its number.

        With `on_chunk(number, first frame, codes)` its codes are told while it is made, `chunk_frames` at a time,
        all of them before the take itself.
        """
        from generation.engine.fast.scheduler import Advanced, Chunk, Finished, Scheduler

        if lanes is None:
            lanes = self.lanes_for(takes)
        scheduler = Scheduler(lanes, reserve=0)
        chunk_frames = chunk_frames if on_chunk is not None else 0
        numbers = {
            scheduler.submit(take, chunk_frames=chunk_frames): index for index, take in enumerate(takes)
        }
        total = sum(take.frames - take.known for take in takes)
        done = dict.fromkeys(numbers, 0)
        try:
            if progress is not None:
                progress(0, total)
            while not scheduler.idle:
                for event in scheduler.step():
                    if isinstance(event, Advanced):
                        done[event.ticket] = event.frames
                    elif isinstance(event, Chunk) and on_chunk is not None:
                        on_chunk(numbers[event.ticket], event.first, event.codes)
                    elif isinstance(event, Finished):
                        done[event.ticket] = event.codes.shape[-1] - takes[numbers[event.ticket]].known
                        yield numbers[event.ticket], event.codes
                if progress is not None:
                    progress(sum(done.values()), total)
        finally:
            scheduler.close()

    def lanes_for(self, takes: Sequence[Take], *, slots: int | None = None) -> Lanes:
        """Lanes in which these takes fit at once, as short as they allow."""
        conditions = {id(take.conditions): take.conditions_at(0) for take in takes}.values()
        frames = max(min(take.frames, self.shape.window) for take in takes)
        prefix = max(one.prefix_length for one in conditions)
        cross = max((0 if one.cross is None else int(one.cross.shape[0])) for one in conditions)
        return self.lanes(
            len(takes) if slots is None else slots,
            positions=prefix + self.shape.steps(frames),
            cross_positions=cross,
            guided=any(take.guided for take in takes),
        )
