"""Who used a product lately."""

from datetime import date

from django.db.models import Exists, Model, OuterRef

from accounts.models import DailyUsage
from dashboards import periods

# A product filter asks who used it this recently.
PRODUCT_DAYS = 90


def uses_product(product: Model, *, owner: str, today: date) -> Exists:
    """Keep rows with recent use of a product; `owner` leads from usage to the row."""
    recent = periods.last_days(PRODUCT_DAYS, today=today)
    return Exists(
        DailyUsage.objects.filter(
            product_id=product.pk, day__gte=recent.first, **{owner: OuterRef("pk")}
        )
    )
