"""Callers of the API, by name of the cast's member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from artists.models import User


@pytest.fixture
def api() -> Callable[[User | None], APIClient]:
    def client(user: User | None) -> APIClient:
        made = APIClient()
        if user is not None:
            made.force_authenticate(user)
        return made

    return client


@pytest.fixture
def mara(api: Any, cast: Any) -> APIClient:
    return api(cast.mara)
