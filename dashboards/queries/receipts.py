"""A receipt as a page shows it: as of now or a past day, and beside what was kept."""

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models import Account, Developer, ScoreModel, ScoreSnapshot
from accounts.models.score import Damp
from accounts.receipts import (
    RECEIPT_DAYS,
    Receipt,
    receipt_for_account,
    receipt_for_developer,
)
from accounts.score_versions import model_on
from dashboards import charts
from dashboards.queries.scores import Shown

DAMP_WORDS = {
    Damp.LOG2: "log₂(1 + uses)",
    Damp.SQRT: "√uses",
    Damp.LINEAR: "the number of uses",
    Damp.ONCE: "1 for any number of uses",
}


@dataclass(frozen=True, slots=True)
class ReceiptCard:
    """What the card "Why this score" holds."""

    receipt: Receipt
    score: Shown
    # What the damping is, in words.
    damp: str
    # None is now; else a past day.
    on: date | None
    # Days to choose among.
    first: date
    last: date
    # The version in force now, where the day was judged by another.
    version_now: int | None
    # The score kept that night, where it reads differently from the receipt's.
    kept: str


def receipt_card(
    subject: Account | Developer,
    *,
    model: ScoreModel,
    on: date | None,
    lines: int,
    today: date,
) -> ReceiptCard:
    """Return the receipt of an account or a developer.

    ``on`` None, and today, is now. ``model`` is the version in force now; ``lines``
    bounds the receipt, what is beyond comes as one line.
    """
    on = on if on and on < today else None
    used = model if on is None else model_on(model, on, today=today)
    if isinstance(subject, Account):
        receipt = receipt_for_account(subject, on=on, model=used)
    else:
        receipt = receipt_for_developer(subject, on=on, model=used)
    shown = charts.shown_score(receipt.score)
    return ReceiptCard(
        receipt=receipt.folded(lines),
        score=Shown(receipt.score, shown, receipt.band.label, receipt.band.value),
        damp=DAMP_WORDS[Damp(receipt.damping)],
        on=on,
        first=today - timedelta(days=RECEIPT_DAYS),
        last=today,
        version_now=None if used.pk == model.pk else model.version,
        kept=_kept(subject, on, shown) if on else "",
    )


def _kept(subject: Account | Developer, on: date, shown: str) -> str:
    """Return the score kept for an account that night, if it reads otherwise."""
    if not isinstance(subject, Account):
        return ""
    kept = ScoreSnapshot.objects.filter(account=subject, day=on).first()
    text = charts.shown_score(kept.score) if kept else ""
    return "" if text == shown else text
