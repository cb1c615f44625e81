"""One running installation for all published clients."""

import pytest

from tests.running import Uptick


@pytest.fixture(scope="module")
def uptick(tmp_path_factory):
    installation = Uptick(tmp_path_factory.mktemp("uptick"))
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()
