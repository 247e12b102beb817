"""How far the host runs ahead of a GPU: a device of steps of known length, and a clock that both share."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from tests.support import needs

if importlib.util.find_spec("torch"):
    import torch

    from generation.engine.fast import graphs
    from generation.engine.fast.decoder import AHEAD

pytestmark = needs("engines")


class Device:
    """Works off steps one after another. Asking for one takes the host 0.1 ms."""

    def __init__(self) -> None:
        self.now = self.busy_until = self.idle_s = 0.0

    def ask(self, step_s: float) -> None:
        self.now += 1e-4
        self.idle_s += max(0.0, self.now - self.busy_until)
        self.busy_until = max(self.now, self.busy_until) + step_s

    def event(self, *, enable_timing: bool) -> Any:
        assert enable_timing
        return Event(self)


class Event:
    """Stands in for torch.cuda.Event."""

    def __init__(self, device: Device) -> None:
        self._device, self._at = device, 0.0

    def record(self) -> None:
        self._at = self._device.busy_until

    def synchronize(self) -> None:
        self._device.now = max(self._device.now, self._at)

    def elapsed_time(self, later: Event) -> float:
        assert later._at <= self._device.now
        return 1000 * (later._at - self._at)


@pytest.mark.parametrize("step_s", [0.0005, 0.002, 0.01, 0.02, 0.05, 0.09, 0.15])
def test_a_cancelled_take_ends_within_a_fifth_of_a_second_and_the_device_never_waits(
    step_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device()
    monkeypatch.setattr(graphs.torch.cuda, "Event", device.event)
    pace = graphs.Pace(torch.device("cuda"), AHEAD)
    for number in range(200):
        device.ask(step_s)
        pace.step()
        assert device.busy_until - device.now <= min(0.2, AHEAD * step_s + 1e-9)
        if number == 0:
            device.idle_s = 0.0  # nothing was asked before
    assert device.idle_s == 0.0
    if step_s <= 0.01:
        assert device.busy_until - device.now > (AHEAD - 1) * step_s, "short steps are asked for well before"


def test_on_a_cpu_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs.torch.cuda, "Event", lambda **_: pytest.fail("no GPU"))
    graphs.Pace(torch.device("cpu"), AHEAD).step()
