"""How long ago something was, in one unit."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboards.templatetags.moments import ago


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (timedelta(days=1, hours=16), "1\xa0day ago"),
        (timedelta(days=65), "2\xa0months ago"),
        (timedelta(hours=3, minutes=5), "3\xa0hours ago"),
        (timedelta(0), "now"),
        (timedelta(days=-3, hours=-2, minutes=-5), "3\xa0days from now"),
    ],
)
def test_only_the_largest_unit_is_said(back, expected):
    assert ago(datetime.now(tz=UTC) - back) == expected
