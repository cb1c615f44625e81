"""Tells how far the scoring of a workspace has come, while it is one transaction.

On a connection of its own, in a thread of its own: what a transaction writes nobody
else sees before it ends.
"""

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from django.db import connections
from django.utils import timezone

from accounts.models import ScoreModel, ScoreRun


class Progress:
    """Writes the `ScoreRun` of a version that is being applied; use it with `with`."""

    def __init__(self, model: ScoreModel) -> None:
        self._model = model.pk
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._total = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.submit(connections.close_all).result()
        self._writer.shutdown()

    def begin(self, total: int) -> None:
        """Say how many developers there are to score."""
        self._total = total
        self._write(total=total, done=0, started_at=timezone.now())

    def reach(self, done: int) -> None:
        """Say how many are done."""
        self._write(done=min(done, self._total))

    def _write(self, **values: Any) -> None:
        # Waited for: a page must not show 40 % after 60.
        self._writer.submit(_update, self._model, values).result()


def _update(model: int, values: dict[str, Any]) -> None:
    ScoreRun.objects.filter(pk=model).update(updated_at=timezone.now(), **values)
