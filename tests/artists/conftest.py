from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast, make_cast


@pytest.fixture
def cast(db: None, settings: Any) -> Cast:
    # The cast's passwords are hashed fast; these tests log in with them.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return make_cast()
