"""Which rows a list holds: one set of filters for its page and for the read API.

A filter is declared once, in the class of its list. Named in ``bar`` as well, the page
shows it; the API and the addresses of pages take all of them.
"""

from dashboards.filters.accounts import AccountFilter
from dashboards.filters.base import ListFilter
from dashboards.filters.developers import DeveloperFilter

__all__ = ["AccountFilter", "DeveloperFilter", "ListFilter"]
