"""One thing that stands between a release and its package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.urls import reverse

Level = Literal["block", "warn"]


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One thing to clear. `cure` names the page where that is done."""

    code: str
    level: Level
    sentence: str
    why: str = ""
    cure: str = ""
    cure_args: tuple[Any, ...] = ()
    cure_title: str = "Cure"

    @property
    def cure_url(self) -> str:
        return reverse(self.cure, args=self.cure_args) if self.cure else ""
