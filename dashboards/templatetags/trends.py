"""What pages say about where scores are going."""

from typing import Any

from django import template

from accounts.models.score import Trend
from accounts.trends import RULES

register = template.Library()


@register.inclusion_tag("dashboards/parts/trend_rules.html")
def trend_rules() -> dict[str, Any]:
    """Explain every trend in words, in the order in which the rules are asked."""
    return {"rules": [(Trend(slug), words) for slug, words in RULES.items()]}
