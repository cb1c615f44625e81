"""How pages write when something happened."""

from datetime import datetime

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime

register = template.Library()


@register.filter
def ago(moment: datetime) -> str:
    """Write how far off a moment is, in its largest unit: `3 days ago`."""
    text: str = naturaltime(moment)
    largest, comma, _ = text.partition(",")
    if not comma:
        return text
    return f"{largest} from now" if text.endswith("from now") else f"{largest} ago"
