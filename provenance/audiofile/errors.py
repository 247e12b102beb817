"""The one error of this package."""

from __future__ import annotations

from provenance.errors import UserFault


class BadAudio(UserFault):
    """A file that cannot be used as audio. `code` is stable, `message` says what to do."""

    code = "bad_audio"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code=code)


def damaged() -> BadAudio:
    return BadAudio(
        "damaged",
        "This file is damaged: its sound cannot be read to the end. Export it again and upload the new file.",
    )


def truncated() -> BadAudio:
    return BadAudio(
        "truncated",
        "This file breaks off before its end, as after an interrupted copy or upload. Copy or export it again.",
    )


def not_a_file() -> BadAudio:
    return BadAudio("empty", "This file is empty (0 bytes). Export it again and upload the new file.")


def too_long(allowed_s: int) -> BadAudio:
    length = f"{allowed_s // 60} minutes" if allowed_s >= 120 else f"{allowed_s} seconds"
    return BadAudio("too_long", f"This file is longer than {length}. Trim it, or split it into parts.")
