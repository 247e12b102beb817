"""One song with everything, packaged."""

from __future__ import annotations

import pytest

from tests.release.packaging.orders import finished, order, unpacked


@pytest.fixture
def built(house, tmp_path):
    package = finished(order(house, house.ready(parts=("voice", "sketch", "choir"), real=True)))
    return package, unpacked(package, tmp_path / "package")
