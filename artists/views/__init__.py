"""Pages of people: accounts and the roster, their signing keys, and signing."""

from __future__ import annotations

from artists.views.people import user_of

__all__ = ["user_of"]
