"""Work on a GPU recorded once and launched again as a whole: CUDA graphs, as lanes and denoisers use them."""

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

import torch

T = TypeVar("T")
WARM_UPS = 2
"""Libraries set themselves up on first use, which no graph may hold."""

AHEAD_S = 0.1


class Graphs:
    """Graphs of one device that share their memory: one MUST be done before another is launched."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream: Any = None
        self._pool: object = None

    def capture(self, run: Callable[[], T]) -> tuple[Any, T]:
        """The graph of `run`, which is called three times, and what its last call returned: every replay writes there.

        Raises RuntimeError where something in it cannot be recorded.
        """
        # One stream warms up and is recorded: what libraries keep for a stream lies outside of the graphs.
        self._stream = self._stream or torch.cuda.Stream(self._device)
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        current = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            for _ in range(WARM_UPS):
                run()
        current.wait_stream(self._stream)
        graph = torch.cuda.CUDAGraph()
        # What other threads do meanwhile is theirs.
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            made = run()
        return graph, made


class Pace:
    """Keeps the host at most `ahead` steps ahead of the device, and fewer where they would take it longer than AHEAD_S,
    so that progress is true and cancelling takes no longer. Always one, so that the device does not wait.
    """

    def __init__(self, device: torch.device, ahead: int) -> None:
        self._cuda, self._ahead = device.type == "cuda", ahead
        self._allowed = 1  # until it is known how long a step takes
        self._events: deque[Any] = deque()
        self._done: Any = None

    def step(self) -> None:
        """Call after every step: waits while too many are under way."""
        if not self._cuda:
            return
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        self._events.append(event)
        while len(self._events) > self._allowed:
            done = self._events.popleft()
            done.synchronize()
            if self._done is not None:
                took_s = max(1e-6, self._done.elapsed_time(done) / 1000)
                self._allowed = max(1, min(self._ahead, int(AHEAD_S / took_s)))
            self._done = done
