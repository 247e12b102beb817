"""Lanes: the state of takes that are made together, at addresses that never change, and one step over all of them.

A lane is one take's place. Guided lanes have two rows each, with and without the conditions (classifier-free guidance
as a doubled batch). A lane that stands still costs a row of the matrix products and nothing else.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from generation.engine.fast import noise
from generation.engine.fast.ends import Ends, State, TorchEnds
from generation.engine.fast.graphs import Graphs
from generation.engine.fast.network import Network
from generation.engine.fast.products import Products
from generation.engine.fast.sampling import Sampling

BUCKET = 256
"""Positions are counted up to a multiple of this; a graph is captured for each multiple that comes up."""
CROSS_BUCKET = 16
FEWER = 4
"""Where no more than a quarter of the lanes move, the step is one over a quarter of them; and so on."""
Key = tuple[int, bool, int]
"""Of a graph: the bucket of positions, whether some take draws by top p, and how many lanes, from the first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditions:
    """What a take is conditioned on, encoded: `cross` `[length, width]` for cross-attention, `prefix` in front
    of the codes.

    The `null_` ones are what guidance leads away from, of the same lengths. None means that the model has no
    such input.
    """

    cross: Tensor | None = None
    null_cross: Tensor | None = None
    prefix: Tensor | None = None
    null_prefix: Tensor | None = None

    def kinds(self, each: int) -> tuple[Tensor | None, Tensor | None]:
        """Cross and prefix `[each, length, width]`. Without a null of its own a kind stands for both: guidance
        then does nothing.
        """
        return _kinds(self.cross, self.null_cross, each), _kinds(self.prefix, self.null_prefix, each)

    @property
    def prefix_length(self) -> int:
        return 0 if self.prefix is None else int(self.prefix.shape[0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Start:
    """A take's window as it begins: `sequence` `[codebooks, steps]` with UNKNOWN to fill, `known` steps before
    the first of them.
    """

    sequence: Tensor
    known: int
    seed: int
    window: int = 0
    sampling: Sampling


@dataclass
class _Lane:
    """What the host knows of a lane without asking the device: the step it is at, and its last one."""

    at: int = 0
    last: int = 0
    prefix: int = 0
    nucleus: bool = False


class Lanes:
    """`slots` lanes of at most `positions` positions (prefix and sequence) and `cross_positions` of cross-attention."""

    def __init__(
        self, network: Network, products: Products, *, slots: int, positions: int, cross_positions: int = 0,
        guided: bool = True, graphs: bool | None = None, ends: Ends | None = None,
    ) -> None:  # fmt: skip
        self.network, self.products, self.slots, self.guided = network, products, slots, guided
        self.each = 2 if guided else 1
        weights, shape = network.weights, network.shape
        self.device = weights.device
        self.graphs_off = (
            "" if self.device.type == "cuda" and graphs is not False else "not asked for or no GPU"
        )
        self.positions = -(-positions // BUCKET) * BUCKET
        self.cross_positions = -(-max(1, cross_positions) // CROSS_BUCKET) * CROSS_BUCKET
        rows = slots * self.each
        self._lanes = [_Lane() for _ in range(slots)]
        self._graphs: dict[Key, Any] = {}
        self._recorder = Graphs(self.device)
        self._ends = ends or TorchEnds()
        kept = {"device": self.device, "dtype": weights.dtype}
        cache = (rows, 2, shape.heads, self.positions, shape.head_width)
        self._caches = [torch.zeros(cache, **kept) for _ in range(shape.layers)]
        crossing = (rows, 2, shape.heads, self.cross_positions, shape.head_width)
        self._cross = [torch.zeros(crossing, **kept) for _ in range(shape.layers)] if shape.cross else []
        self._mixed = torch.zeros(products.padded(rows), shape.width, **kept)
        self._x = torch.zeros_like(self._mixed)
        self._places = network.places(self.positions)
        self._lengths = torch.ones(rows, device=self.device, dtype=torch.int64)
        self._cross_lengths = torch.ones(rows, device=self.device, dtype=torch.int64)
        self._state = State.of(shape, slots=slots, positions=self.positions, device=self.device)

    @property
    def kept_bytes(self) -> int:
        """Memory of the keys and values."""
        return sum(cache.numel() * cache.element_size() for cache in [*self._caches, *self._cross])

    @property
    def graph_count(self) -> int:
        return len(self._graphs)

    @property
    def logits(self) -> Tensor:
        """Of the last step, after guidance: `[slots, codebooks, card]` float32. The next step overwrites them."""
        return self._state.logits

    def begin(self, slots: Sequence[int], starts: Sequence[Start], conditions: Conditions) -> None:
        """Put takes into lanes. What they share, conditions and known codes, is computed once: the same bits for all.

        `starts` MUST have the same known codes. Raises ValueError when they do not fit into the lanes.
        """
        known, prefix = starts[0].known, conditions.prefix_length
        steps = max(start.sequence.shape[-1] for start in starts)
        if prefix + steps > self.positions:
            raise ValueError(f"{prefix + steps} positions do not fit into lanes of {self.positions}")
        with torch.no_grad():
            rows = self._rows_by_kind(slots)
            cross, front = conditions.kinds(self.each)
            states = self._begin_cross(cross, rows)
            parts = [] if front is None else [front.to(self._places)]
            if known > 0:
                tokens = starts[0].sequence[:, :known].t().to(self.device)
                parts.append(self.network.embed(tokens).unsqueeze(0).expand(self.each, -1, -1))
            if parts:
                x = torch.cat(parts, dim=1)
                self.network.prefill(x + self._places[: x.shape[1]], states, self._caches, rows)
            for slot, start in zip(slots, starts, strict=True):
                self._set(slot, start, prefix)

    def stop(self, slot: int) -> None:
        """Let a lane stand still; what it wrote can be read until the next take begins in it."""
        self._halt(slot)
        self._lanes[slot] = _Lane()

    def advance(self) -> None:
        """One step of every lane that has any left. Never waits for the device."""
        moving = [(slot, lane) for slot, lane in enumerate(self._lanes) if lane.at < lane.last]
        if not moving:
            return
        needed = max(lane.prefix + lane.at + 1 for _, lane in moving)
        key = (
            min(-(-needed // BUCKET) * BUCKET, self.positions),
            any(lane.nucleus for _, lane in moving),
            self.lanes_for(moving[-1][0] + 1),
        )
        with torch.no_grad():
            graph = None if self.graphs_off else self._captured(key)
            if graph is None:
                self._step(*key)
            else:
                graph.replay()
        for slot, lane in moving:
            lane.at += 1
            if lane.at == lane.last:
                self._halt(slot)

    def lanes_for(self, count: int) -> int:
        """So many lanes are stepped where the first `count` count: few sizes, as each has graphs of its own."""
        size = self.slots
        while size > 2 and count <= -(-size // FEWER):
            size = -(-size // FEWER)
        return size

    def written(self, slot: int) -> int:
        """The last step of the lane's sequence that is known (or will be, when the device is done)."""
        return self._lanes[slot].at

    def is_done(self, slot: int) -> bool:
        lane = self._lanes[slot]
        return lane.at == lane.last

    def sequence(self, slot: int) -> Tensor:
        """The lane's sequence `[codebooks, positions]`, on the CPU. Waits for the device."""
        return self._state.sequence[slot].cpu()

    def warm(
        self, positions: int, *, nucleus: bool = False, lanes: int | None = None,
        between: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        """Capture the graphs up to so many positions now, for all or the first `lanes`, so that no take waits for it.

        `between` is called before each; what it raises reaches the caller and leaves the lanes as they were.
        """
        count = self.lanes_for(self.slots if lanes is None else lanes)
        for limit in range(BUCKET, min(-(-positions // BUCKET) * BUCKET, self.positions) + 1, BUCKET):
            if self.graphs_off:
                return
            if (limit, nucleus, count) in self._graphs:
                continue
            if between is not None:
                between()
            with torch.no_grad():
                self._captured((limit, nucleus, count))

    def close(self) -> None:
        """Wait until the device is done with what is asked for: graphs and buffers may go then."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        self._graphs.clear()

    def _rows_by_kind(self, slots: Sequence[int]) -> list[Tensor]:
        first = torch.tensor(slots, device=self.device) * self.each
        return [first + kind for kind in range(self.each)]

    def _begin_cross(self, cross: Tensor | None, rows: list[Tensor]) -> list[Tensor]:
        if not self._cross:
            return []
        if cross is None:  # nothing to look at: one position of zeros adds nothing
            cross = torch.zeros(
                self.each, 1, self.network.shape.width, device=self.device, dtype=self._places.dtype
            )
        length = cross.shape[1]
        if length > self.cross_positions:
            raise ValueError(
                f"a condition of {length} positions does not fit into lanes of {self.cross_positions}"
            )
        states = self.network.cross_states(cross.to(self._places))
        for kind, which in enumerate(rows):
            self._cross_lengths[which] = length
            for cache, state in zip(self._cross, states, strict=True):
                cache[which, :, :, :length] = state[kind]
        return states

    def _set(self, slot: int, start: Start, prefix: int) -> None:
        steps, sampling, state = start.sequence.shape[-1], start.sampling, self._state
        card = self.network.shape.card
        state.sequence[slot].fill_(card)
        state.sequence[slot, :, :steps].copy_(start.sequence)
        low, high = noise.seed_words(start.seed)
        state.seeds[slot, 0], state.seeds[slot, 1] = low, high
        state.window[slot], state.at[slot], state.prefix[slot] = start.window, start.known, prefix
        state.top_k[slot] = min(sampling.top_k, card) or card
        state.top_p[slot], state.temperature[slot] = sampling.top_p, sampling.temperature
        state.guidance[slot] = sampling.guidance
        state.active[slot] = 1
        self._lanes[slot] = _Lane(at=start.known, last=steps - 1, prefix=prefix, nucleus=sampling.top_p > 0)

    def _halt(self, slot: int) -> None:
        self._state.active[slot] = 0
        self._state.at[slot] = 0  # a lane that stands looks back on one position only
        self._state.prefix[slot] = 0

    def _step(self, limit: int, nucleus: bool, lanes: int) -> None:
        rows, state = lanes * self.each, self._state.first(lanes)
        padded = self.products.padded(rows)
        x, lengths = self._x[:padded], self._lengths[:rows]
        self._ends.enter(
            state, self.network.weights.embedding, self._places, each=self.each, x=x, lengths=lengths
        )
        logits = self.network.step(
            x, self.products, lengths=lengths, limit=limit, caches=[cache[:rows] for cache in self._caches],
            cross_caches=[cache[:rows] for cache in self._cross],
            cross_lengths=self._cross_lengths[:rows] if self._cross else None, mixed=self._mixed[:padded],
        )  # fmt: skip
        self._ends.leave(state, logits, each=self.each, nucleus=nucleus)
        state.at.add_(state.active)

    def _captured(self, key: Key) -> Any:
        """The graph of this step, captured now if need be; None where capturing failed, for good."""
        if key in self._graphs:
            return self._graphs[key]
        try:
            with self._standing_still():
                graph, _ = self._recorder.capture(lambda: self._step(*key))
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self.graphs_off = next(iter(str(error).splitlines()), "capture failed")[:200]
            return None
        self._graphs[key] = graph
        return graph

    @contextlib.contextmanager
    def _standing_still(self) -> Iterator[None]:
        """Steps within change nothing that counts: every lane stands, and writes only what its next step
        writes again.
        """
        active = self._state.active.clone()
        self._state.active.zero_()
        try:
            yield
        finally:
            self._state.active.copy_(active)


def _kinds(given: Tensor | None, null: Tensor | None, each: int) -> Tensor | None:
    if given is None:
        return None
    if each == 1:
        return given.unsqueeze(0)
    other = given if null is None else null
    if other.shape != given.shape:
        raise ValueError(f"a condition of {tuple(given.shape)} has a null of {tuple(other.shape)}")
    return torch.stack([given, other])
