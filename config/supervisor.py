"""Runs several programs side by side: starts, restarts and stops them, shows output.

One thread and one loop. Programs die with us, whatever kills us: the kernel is told so
at their start, and each leads a process group that is swept when its leader ends.
"""

import contextlib
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.engines.keeper import die_with_parent

TICK_SECONDS = 0.1
WATCH_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# A program that lived this long has earned a quick restart.
STEADY_SECONDS = 30.0
# One that fails this often without ever having been ready will not get better.
HOPELESS_FAILURES = 3
STOP_SECONDS = 10.0
LOG_BYTES = 10 * 1024 * 1024
# What a person need not see on the terminal; the log files have everything.
# granian warns of threads that compute; ours wait for the disk (docs/decisions/0001).
CHATTER = re.compile(
    r'\[(info|debug|INFO|DEBUG) *\]|"level": ?"(info|debug)"'
    r"|allows spawning up to \d+ Python threads"
)


@dataclass(frozen=True)
class Program:
    """What to run, and how to tell that it is ready.

    ``ready`` is asked after every tick with the program's newest output until it
    says yes.
    """

    name: str
    argv: list[str]
    ready: Callable[[str], bool]


class Log:
    """A file of bounded size for one program's output; one older file is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        """Append, starting a new file when this one is full."""
        if self.file.tell() > LOG_BYTES:
            self.file.close()
            self.path.replace(self.path.with_suffix(".log.1"))
            self.file = self.path.open("ab", buffering=0)
        self.file.write(data)


@dataclass
class Child:
    """The state of one program across its restarts."""

    program: Program
    log: Log
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    start_at: float = 0.0
    failures: int = 0
    ready: bool = False
    output: str = ""
    partial: bytes = field(default=b"", repr=False)


class Supervisor:
    """Keeps a set of programs running until a signal, or until one is hopeless."""

    def __init__(
        self,
        programs: list[Program],
        *,
        cwd: Path,
        env: Mapping[str, str],
        logs: Path,
        verbose: bool = False,
        watch: Callable[[], None] = lambda: None,
    ) -> None:
        self.cwd = cwd
        self.env = dict(env)
        self.verbose = verbose
        self.watch = watch
        self.watch_at = 0.0
        self.children = [
            Child(program, Log(logs / f"{program.name}.log")) for program in programs
        ]
        self.width = max(len(program.name) for program in programs)
        self.selector = selectors.DefaultSelector()
        self.stopping = 0
        self.kill_at = 0.0
        self.hopeless: Child | None = None

    def run(self, on_ready: Callable[[], None]) -> int:
        """Run until stopped; call ``on_ready`` once, when every program is ready.

        Returns:
            0 after a signal, 1 when a program could not be made to run.
        """
        with self._signals() as wake_up:
            self._loop(wake_up, on_ready)
        self.selector.close()
        for child in self.children:
            child.log.file.close()
        return 1 if self.hopeless else 0

    def stop(self) -> None:
        """Ask every program to end; a second call does not wait for them."""
        self.stopping += 1
        patience = STOP_SECONDS if self.stopping == 1 else 0.0
        self.kill_at = time.monotonic() + patience
        self._signal_all(signal.SIGTERM)

    def say(self, name: str, text: str) -> None:
        """Print one line under a program's name."""
        try:
            print(f"{name:<{self.width}} | {text}", flush=True)
        except BrokenPipeError:
            # Whoever read it has gone, as in `make run | head`.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            self.stop()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[int]:
        """Have signals interrupt the wait for output, through a descriptor."""
        reader, writer = os.pipe()
        for descriptor in (reader, writer):
            os.set_blocking(descriptor, False)

        def stop(_signum: int, _frame: FrameType | None) -> None:
            self.stop()

        before = {
            signum: signal.signal(signum, stop)
            for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self.selector.register(reader, selectors.EVENT_READ)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(-1)
            for signum, handler in before.items():
                signal.signal(signum, handler)
            os.close(reader)
            os.close(writer)

    def _loop(self, wake_up: int, on_ready: Callable[[], None]) -> None:
        announced = False
        while True:
            self._start_due()
            self._read(wake_up)
            self._reap()
            self._watch()
            if not announced and not self.stopping and self._all_ready():
                announced = True
                on_ready()
            if self.stopping:
                if not any(child.process for child in self.children):
                    return
                if time.monotonic() > self.kill_at:
                    self._signal_all(signal.SIGKILL)

    def _watch(self) -> None:
        """Let the caller look after what it holds besides the programs."""
        if not self.stopping and time.monotonic() >= self.watch_at:
            self.watch_at = time.monotonic() + WATCH_SECONDS
            self.watch()

    def _start_due(self) -> None:
        if self.stopping:
            return
        for child in self.children:
            if child.process is None and time.monotonic() >= child.start_at:
                self._start(child)

    def _start(self, child: Child) -> None:
        process = subprocess.Popen(
            child.program.argv,
            cwd=self.cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Its own session: Ctrl-C reaches us alone, and we stop things in order.
            start_new_session=True,
            # Safe: there are no threads here.
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509
        )
        child.process = process
        child.started = time.monotonic()
        child.output = ""
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self.selector.register(process.stdout, selectors.EVENT_READ, child)

    def _read(self, wake_up: int) -> None:
        for key, _ in self.selector.select(TICK_SECONDS):
            if key.fd == wake_up:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_up, 4096)
            else:
                self._pass_on(key.data)

    def _pass_on(self, child: Child) -> None:
        """Take what the program has written, to its log and to the terminal."""
        if child.process is None or child.process.stdout is None:
            return
        try:
            data = os.read(child.process.stdout.fileno(), 65536)
        except BlockingIOError:
            return
        if not data:
            with contextlib.suppress(KeyError):
                self.selector.unregister(child.process.stdout)
            return
        child.log.write(data)
        *lines, child.partial = (child.partial + data).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if not child.ready:
                child.output += text + "\n"
            if self.verbose or (text and not CHATTER.search(text)):
                self.say(child.program.name, text)

    def _reap(self) -> None:
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._ended(child, child.process)

    def _ended(self, child: Child, process: "subprocess.Popen[bytes]") -> None:
        """Sweep what the program left, and plan its next start."""
        # Its workers, if it was killed before it could stop them.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        self._pass_on(child)
        if process.stdout is not None:
            with contextlib.suppress(KeyError):
                self.selector.unregister(process.stdout)
            process.stdout.close()
        child.process = None
        child.partial = b""
        if self.stopping:
            return
        lived = time.monotonic() - child.started
        child.failures = 1 if lived > STEADY_SECONDS else child.failures + 1
        pause = min(
            FIRST_PAUSE_SECONDS * 2 ** (child.failures - 1), LONGEST_PAUSE_SECONDS
        )
        child.start_at = time.monotonic() + pause
        how = _describe(process.returncode)
        if not child.ready and child.failures >= HOPELESS_FAILURES:
            self.say(child.program.name, f"{how}; does not start: see {child.log.path}")
            self.hopeless = child
            self.stop()
        else:
            self.say(child.program.name, f"{how}; starting it again in {pause:g} s")

    def _all_ready(self) -> bool:
        for child in self.children:
            if not child.ready and child.process is not None:
                child.ready = child.program.ready(child.output)
        return all(child.ready for child in self.children)

    def _signal_all(self, signum: signal.Signals) -> None:
        """Signal the leaders, who tell their own; a kill goes to whole groups."""
        for child in self.children:
            if child.process is None:
                continue
            with contextlib.suppress(ProcessLookupError):
                if signum is signal.SIGKILL:
                    os.killpg(child.process.pid, signum)
                else:
                    child.process.send_signal(signum)


def _describe(status: int) -> str:
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def python(*arguments: str) -> list[str]:
    """Return the command line of a module run by this Python."""
    return [sys.executable, "-m", *arguments]
