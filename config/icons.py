"""The icon of the site, for browsers that ask for it by its old name."""

from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe


@require_safe
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Lead to the icon, whose file name changes with its content."""
    del request
    return HttpResponseRedirect(static("dashboards/favicon.svg"))
