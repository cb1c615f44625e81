import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from config.supervisor import Log, Program, Supervisor
from tests.config.conftest import wait_until


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


LASTING = python("import time; print('up', flush=True); time.sleep(600)")


def supervise(tmp_path, programs, during=lambda supervisor: supervisor.stop()):
    """Run until ready, then do something; return the status and the supervisor."""
    supervisor = Supervisor(programs, cwd=tmp_path, env=os.environ, logs=tmp_path)
    return supervisor.run(lambda: during(supervisor)), supervisor


def up(name: str, argv: list[str] = LASTING) -> Program:
    return Program(name, argv, ready=lambda text: "up" in text)


def test_output_is_labelled_on_the_terminal_and_whole_in_the_log(tmp_path, capsys):
    talker = python(
        "import time\n"
        "print('2026 [info     ] chatter'); print('up', flush=True)\n"
        "print('2026 [warning  ] trouble', flush=True); time.sleep(600)"
    )
    said_all = lambda: "trouble" in (tmp_path / "talker.log").read_text()  # noqa: E731

    def during(supervisor):
        wait_until(lambda: supervisor._read(-1) or said_all())
        supervisor.stop()

    status, _ = supervise(tmp_path, [up("talker", talker), up("b")], during)
    assert status == 0
    out = capsys.readouterr().out
    assert "talker | 2026 [warning  ] trouble" in out
    assert "b      | up" in out
    assert "chatter" not in out
    assert "chatter" in (tmp_path / "talker.log").read_text()


def test_a_killed_program_is_started_again(tmp_path, capsys):
    first = []

    def during(supervisor):
        child = supervisor.children[0]
        first.append(child.process.pid)
        child.process.kill()
        threading.Thread(target=stop_when_back, args=[supervisor]).start()

    def stop_when_back(supervisor):
        child = supervisor.children[0]
        wait_until(lambda: child.process and child.process.pid != first[0])
        os.kill(os.getpid(), signal.SIGTERM)

    status, _ = supervise(tmp_path, [up("worker")], during)
    assert status == 0
    assert "killed by SIGKILL; starting it again in 0.5 s" in capsys.readouterr().out


def test_what_a_killed_program_leaves_behind_is_swept(tmp_path):
    parent = python(
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('up', p.pid, flush=True); time.sleep(600)"
    )
    left = []

    def during(supervisor):
        child = supervisor.children[0]
        left.append(int((tmp_path / "web.log").read_text().split()[1]))
        child.process.kill()
        child.process.wait()
        supervisor._reap()
        supervisor.stop()

    supervise(tmp_path, [up("web", parent)], during)
    wait_until(lambda: not Path(f"/proc/{left[0]}").exists() or zombie(left[0]))


def zombie(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "Z"


def test_a_program_that_never_starts_ends_it_all_with_one_clear_line(tmp_path, capsys):
    broken = Program("web", python("raise SystemExit(3)"), ready=lambda _: False)
    status, _ = supervise(tmp_path, [broken, up("beat")])
    assert status == 1
    out = capsys.readouterr().out
    assert out.count("ended with status 3; starting it again") == 2
    assert f"web  | ended with status 3; does not start: see {tmp_path}/web.log" in out


def test_a_program_deaf_to_sigterm_is_killed_in_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr("config.supervisor.STOP_SECONDS", 0.3)
    deaf = python(
        "import signal, time; signal.signal(15, signal.SIG_IGN)\n"
        "print('up', flush=True); time.sleep(600)"
    )
    began = time.monotonic()
    status, _ = supervise(tmp_path, [up("worker", deaf)])
    assert status == 0
    assert time.monotonic() - began < 5


def test_a_second_signal_does_not_wait(tmp_path):
    deaf = python(
        "import signal, time; signal.signal(15, signal.SIG_IGN)\n"
        "print('up', flush=True); time.sleep(600)"
    )

    def during(supervisor):
        supervisor.stop()
        supervisor.stop()

    began = time.monotonic()
    supervise(tmp_path, [up("worker", deaf)], during)
    assert time.monotonic() - began < 5


def test_pauses_grow_while_a_program_keeps_failing(tmp_path, capsys):
    code = (
        "import pathlib, time\n"
        f"p = pathlib.Path({str(tmp_path / 'count')!r})\n"
        "n = len(p.read_text()) if p.exists() else 0\n"
        "p.write_text('x' * (n + 1)); print('up', flush=True)\n"
        "time.sleep(0.3 if n < 3 else 600)"
    )

    def during(supervisor):
        threading.Thread(target=stop_when_steady).start()

    def stop_when_steady():
        wait_until(lambda: len((tmp_path / "count").read_text()) == 4)
        os.kill(os.getpid(), signal.SIGTERM)

    supervise(tmp_path, [up("worker", python(code))], during)
    out = capsys.readouterr().out
    assert [word for word in ("in 0.5 s", "in 1 s", "in 2 s") if word in out] == [
        "in 0.5 s",
        "in 1 s",
        "in 2 s",
    ]


def test_a_log_is_cut_when_it_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr("config.supervisor.LOG_BYTES", 10)
    log = Log(tmp_path / "web.log")
    for _ in range(4):
        log.write(b"0123456789")
    log.file.close()
    assert (tmp_path / "web.log").read_text() == "0123456789" * 2
    assert (tmp_path / "web.log.1").read_text() == "0123456789" * 2


@pytest.mark.skipif(sys.platform != "linux", reason="needs the parent-death signal")
def test_nothing_survives_a_killed_supervisor(tmp_path):
    code = (
        "import os, sys; from pathlib import Path\n"
        "from config.supervisor import Program, Supervisor\n"
        f"lasting = {LASTING!r}\n"
        "here = Path(sys.argv[1])\n"
        "p = Program('a', lasting, ready=lambda text: 'up' in text)\n"
        "s = Supervisor([p], cwd=here, env=os.environ, logs=here)\n"
        "s.run(lambda: print('ready', s.children[0].process.pid, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        line = next(line for line in supervisor.stdout if line.startswith("ready"))
        pid = int(line.split()[1])
        supervisor.kill()
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or zombie(pid))
