"""Small words that pages, pictures and documents share: times, counts, lists."""

from __future__ import annotations

from collections.abc import Iterable


def clock(ms: int, *, tenths: bool = False) -> str:
    """A position in a sound: "1:04", "1:00:00"; with `tenths` "0:00.5"."""
    seconds, rest = divmod(max(ms, 0), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{text}.{rest // 100}" if tenths else text


def count(number: int, one: str, many: str | None = None) -> str:
    """Gives "1 entry", "2 entries"; `many` where an s does not do."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def join(words: Iterable[str], *, limit: int = 0) -> str:
    """Gives "a", "a and b", "a, b and c"; beyond `limit` "a, b and 3 more"."""
    found = list(words)
    if limit and len(found) > limit:
        return f"{', '.join(found[:limit])} and {len(found) - limit} more"
    return " and ".join(filter(None, [", ".join(found[:-1]), *found[-1:]]))
