"""Starts everything on one machine: database, broker, web, worker and beat."""

import contextlib
import os
import signal
import sys
import time
from argparse import ArgumentParser
from http.client import HTTPConnection, HTTPException
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from accounts.demo import demo_credentials
from config import engines, startup
from config.engines.paths import REPOSITORY, make_data_dir
from config.env import env_bool, env_int, env_str
from config.supervisor import Program, Supervisor, python
from config.welcome import address, welcome


class Command(BaseCommand):
    help = "Start everything on this machine; Ctrl-C stops it again."
    # `make check` runs them; here they would take a third of a quick start.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=env_str("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=env_int("PORT", 8000))
        parser.add_argument(
            "--no-demo",
            action="store_true",
            default=not env_bool("DEMO", default=True),
            help="leave an empty database empty",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leases: list[engines.Lease] = []

    def handle(self, *_args: Any, **options: Any) -> None:
        began = time.monotonic()
        host, port = options["host"], options["port"]
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            with startup.only_one(address(host, port)), contextlib.ExitStack() as stack:
                startup.check_address(host, port)
                self.stdout.write(f"Uptick {settings.VERSION}")
                if os.geteuid() == 0:
                    self.stdout.write("  As root; an ordinary account is enough.")
                stack.callback(self._leave_database)
                self._prepare(stack, demo=not options["no_demo"])
                status = self._supervise(host, port, began, options["verbosity"])
        except KeyboardInterrupt:
            status = 130
        self.stdout.write("Stopped.")
        sys.exit(status)

    def _prepare(self, stack: contextlib.ExitStack, *, demo: bool) -> None:
        with startup.step("PostgreSQL") as done:
            if not env_str("DATABASE_URL"):
                engines.attach_postgres(quiet=True)
                self.leases += engines.attached()
            done(startup.wait_for_database())
        with startup.step("Broker") as done:
            done(self._start_broker(stack))
        with startup.step("Tables") as done:
            done(startup.migrate())
        with startup.step("Files") as done:
            done(startup.collect_files())
        if demo:
            startup.load_demo()
        connection.close()

    def _start_broker(self, stack: contextlib.ExitStack) -> str:
        if env_str("REDIS_URL"):
            return "REDIS_URL"
        if engines.redis_url() is None:
            return "PostgreSQL, as no Redis was found"
        self.leases.append(stack.enter_context(engines.lease_redis()))
        return "Redis"

    def _supervise(self, host: str, port: int, began: float, verbosity: int) -> int:
        base = address(host, port)
        supervisor = Supervisor(
            _programs(host, port),
            cwd=REPOSITORY,
            env=environment(),
            logs=make_data_dir("logs"),
            verbose=verbosity > 1,
            watch=self._look_after_engines,
        )

        def greet() -> None:
            seconds = time.monotonic() - began
            self.stdout.write(welcome(base, demo_credentials(), seconds=seconds))
            self.stdout.flush()
            connection.close()

        return supervisor.run(on_ready=greet)

    def _look_after_engines(self) -> None:
        for lease in self.leases:
            try:
                if lease.revive():
                    self.stdout.write(f"{lease.server.title} was started again.")
            except engines.EngineError as error:
                self.stdout.write(str(error))

    def _leave_database(self) -> None:
        connection.close()
        if not engines.detach_postgres():
            self.stdout.write("PostgreSQL stays up for another command that uses it.")


def _programs(host: str, port: int) -> list[Program]:
    """Return what runs beside each other; all of it scales out by running more."""
    level = "DEBUG" if settings.LOG_LEVEL == "DEBUG" else "INFO"
    celery = python("celery", "--quiet", "--skip-checks", "--app", "config")
    worker = [*celery, "worker", "--loglevel", level, "--hostname", "uptick@%h"]
    worker += ["--concurrency", str(settings.WORKER_PROCESSES)]
    worker += ["--without-gossip", "--without-mingle"]
    schedule = make_data_dir("beat") / "schedule"
    # Its own process: one inside a worker would outlive a worker that is killed.
    beat = [*celery, "beat", "--loglevel", level, "--schedule", str(schedule)]
    return [
        Program("web", web_command(host, port), ready=lambda _: _answers(host, port)),
        Program("worker", worker, ready=lambda text: " ready." in text),
        Program("beat", beat, ready=lambda text: "beat: Starting" in text),
    ]


def web_command(host: str, port: int) -> list[str]:
    """Return the web server's command line; the benchmark serves with the same."""
    web = python("granian", "--interface", "wsgi", "--no-ws", "--host", host)
    web += ["--port", str(port), "--workers", str(settings.WEB_WORKERS)]
    web += ["--blocking-threads", str(settings.WEB_THREADS)]
    # A worker told to stop while it still starts would be waited for in vain.
    web += ["--workers-kill-timeout", "2", "--respawn-failed-workers"]
    return [*web, "config.wsgi:application"]


def environment() -> dict[str, str]:
    """Return what the programs get: addresses, so that none looks for engines."""
    broker = engines.redis_url()
    return {
        **os.environ,
        "DATABASE_URL": engines.database_url(),
        **({"REDIS_URL": broker} if broker else {}),
        "UPTICK_DATA_DIR": str(engines.data_dir()),
        "PYTHONUNBUFFERED": "1",
        # We have said it already, in one line.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
    }


def _answers(host: str, port: int) -> bool:
    """Ask the web server whether it is alive."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    client = HTTPConnection(name, port, timeout=1)
    try:
        client.request("GET", "/health/live")
        client.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        client.close()
    return True


def _interrupt(_signum: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
