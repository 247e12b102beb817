"""The supervisor: restarts the dead, stops in order, leaves nothing behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from label.supervisor import service, stack
from label.supervisor.service import Service, Supervisor
from tests.support import wait_until

ROOT = Path(__file__).resolve().parents[2]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def script(code: str) -> tuple[str, ...]:
    return (sys.executable, "-u", "-c", textwrap.dedent(code))


def watch_until(supervisor: Supervisor, condition: object, *, timeout_s: float = 15) -> None:
    until = time.monotonic() + timeout_s
    while not condition():  # type: ignore[operator]
        supervisor.watch(0.05)
        assert time.monotonic() < until, "it did not come true"


def test_output_is_prefixed_line_by_line_and_a_last_half_line_is_not_lost() -> None:
    output = io.StringIO()
    supervisor = Supervisor(output=output)
    code = "import sys,time; sys.stdout.write('one\\nhal'); sys.stdout.flush(); time.sleep(.2); sys.stdout.write('f')"
    supervisor.add(Service(name="talker", command=script(code + "; sys.stdout.flush(); time.sleep(60)")))
    watch_until(supervisor, lambda: "one" in output.getvalue())
    supervisor.watch(0.5)
    supervisor.stop()
    assert output.getvalue().splitlines() == ["   talker | one", "   talker | half"]


def test_a_dead_service_is_started_again_with_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "RESTART_PAUSES_S", (0.1, 0.4, 5.0))
    output = io.StringIO()
    supervisor = Supervisor(output=output)
    supervisor.add(Service(name="mayfly", command=script("print('born'); raise SystemExit(3)")))
    watch_until(supervisor, lambda: output.getvalue().count("born") == 3)
    supervisor.watch(0.5)
    supervisor.stop()
    said = output.getvalue()
    assert said.count("ended with status 3") == 3
    assert "again in 0.1 s" in said
    assert "again in 0.4 s" in said
    assert "again in 5.0 s" in said


def test_a_killed_service_comes_back() -> None:
    output = io.StringIO()
    supervisor = Supervisor(output=output)
    supervisor.add(Service(name="sleeper", command=("sleep", "60")))
    first = supervisor.pid("sleeper")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    watch_until(supervisor, lambda: supervisor.pid("sleeper") not in (None, first))
    supervisor.stop()
    assert "killed by SIGKILL" in output.getvalue()


def test_services_stop_in_the_opposite_order_and_grandchildren_go_too() -> None:
    output = io.StringIO()
    supervisor = Supervisor(output=output)
    polite = """
        import signal, subprocess, sys
        child = subprocess.Popen(["sleep", "60"])
        signal.signal(signal.SIGTERM, lambda *_: (print("bye", flush=True), sys.exit()))
        print("child", child.pid, flush=True)
        signal.pause()
    """
    for name in ("first", "second"):
        supervisor.add(Service(name=name, command=script(polite)))
    watch_until(supervisor, lambda: output.getvalue().count("child") == 2)
    children = [int(line.split()[-1]) for line in output.getvalue().splitlines() if "child" in line]
    supervisor.stop()
    said = output.getvalue()
    assert said.index("second | bye") < said.index("first | bye")
    wait_until(lambda: not any(alive(pid) for pid in children), what="the grandchildren's end")


def test_a_service_that_will_not_stop_is_killed() -> None:
    supervisor = Supervisor(output=io.StringIO())
    stubborn = "import signal; [signal.signal(s, signal.SIG_IGN) for s in (15, 3)]; signal.pause()"
    supervisor.add(Service(name="stubborn", command=script(stubborn), stop_timeout_s=0.3))
    pid = supervisor.pid("stubborn")
    assert pid is not None
    supervisor.watch(0.5)
    supervisor.stop()
    assert not alive(pid)


def test_a_command_that_does_not_exist_is_said_and_tried_again() -> None:
    output = io.StringIO()
    supervisor = Supervisor(output=output)
    supervisor.add(Service(name="ghost", command=("/no/such/program",)))
    supervisor.watch(0.6)
    supervisor.stop()
    assert output.getvalue().count("cannot start") >= 2


def test_nothing_outlives_a_killed_supervisor() -> None:
    program = """
        from label.supervisor.service import Service, Supervisor
        supervisor = Supervisor()
        supervisor.add(Service(name="child", command=("sleep", "60")))
        print(supervisor.pid("child"), flush=True)
        supervisor.run()
    """
    parent = subprocess.Popen(script(program), cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    wait_until(lambda: not alive(child), timeout_s=5, what="the child's end")


def test_a_taken_port_names_another_one() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(stack.UpError, match=rf"Cannot listen on 127\.0\.0\.1:{port}.*--port"):
            stack.refuse_taken_port("127.0.0.1", port)


@pytest.mark.parametrize("port", [70000, -1])
def test_an_impossible_port_is_refused(port: int) -> None:
    with pytest.raises(stack.UpError, match="Choose another port"):
        stack.refuse_taken_port("127.0.0.1", port)


def test_without_a_gpu_the_cpu_worker_serves_its_queue_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for gpu, expected in (
        (False, ["quick,cpu,gpu", "quick"]),
        (True, ["quick,cpu", "quick", "gpu"]),
    ):
        monkeypatch.setattr(stack, "has_gpu", lambda gpu=gpu: gpu)
        workers = [s for s in stack.services(stack.Options(), {}) if s.name.endswith("work")]
        assert [s.command[s.command.index("--queues") + 1] for s in workers] == expected
