"""Rotating and revoking the log's key: one transaction under the sequencer's lock, then the files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.db import connection, transaction

from provenance import key_history, keys, notes, sequencer
from provenance.errors import UserFault
from provenance.key_events import STREAM, LogKeyRevoked, LogKeyRotated
from provenance.key_history import Rotation
from provenance.ledger import HasActor, record
from provenance.models import Checkpoint


class RotationRefused(UserFault):
    code = "rotation_refused"


def rotate(*, reason: str, actor: HasActor, new_key_file: Path | None = None) -> Rotation:
    """Hand over to a new key: checkpoints from now on carry its signature. Both keys sign the statement.

    `new_key_file` is for keys that are mounted (DEADWAX_LOG_KEY_FILE), which this process cannot put in place.
    Raises `RotationRefused`, `LogKeyUnusable`.
    """
    reason = _reason(reason)
    with transaction.atomic():
        _lock()
        rotation = _hand_over(reason, actor, new_key_file)
    if not keys.mounted():
        keys.signing_key()  # moves the files; any signer would
    return rotation


def revoke(
    *,
    reason: str,
    actor: HasActor,
    key: notes.VerifierKey | None = None,
    from_size: int | None = None,
    new_key_file: Path | None = None,
) -> tuple[notes.VerifierKey, int]:
    """Say that a key leaked: what it signed above `from_size` entries does not count. Returns key and size.

    The key in force (or none named) is rotated in the same transaction. `from_size` is the size up to which the key is
    still trusted: by default, and at most, where its service ended.
    """
    reason = _reason(reason)
    with transaction.atomic():
        _lock()
        chain = keys.key_chain()
        leaked = key or chain.current
        if leaked not in chain.keys:
            raise RotationRefused(f"{leaked} never was a key of this log.", code="key_unknown")
        # Not asked of `keys` again before the commit: that would move the files for an entry that may yet be undone.
        if leaked == chain.current:
            end = _hand_over(reason, actor, new_key_file).after
        else:
            end = next(rotation.after for rotation in chain.rotations if rotation.old == leaked)
        size = end if from_size is None else from_size
        if not 0 <= size <= end:
            raise RotationRefused(f"That key signed up to {end} entries: name a size from 0 to {end}.")
        record(LogKeyRevoked(stream=STREAM, key=str(leaked), from_size=size, reason=reason), actor=actor)
    if not keys.mounted():
        keys.signing_key()
    return leaked, size


def _lock() -> None:
    """Nobody signs a checkpoint while the keys change: the sequencer's lock, until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sequencer.LOCK])


def _hand_over(reason: str, actor: HasActor, new_key_file: Path | None) -> Rotation:
    if keys.mounted() and new_key_file is None:
        raise RotationRefused(
            "The log's key is mounted (DEADWAX_LOG_KEY_FILE), so a new one cannot be put in its place from here."
            " Make one (`openssl genpkey -algorithm ed25519`), mount it beside the old one, run this again with"
            " --new-key FILE, then point DEADWAX_LOG_KEY_FILE at it and restart; nothing is signed in between.",
            code="key_mounted",
        )
    if new_key_file is not None and not keys.mounted():
        raise RotationRefused("--new-key is for a key that DEADWAX_LOG_KEY_FILE mounts; leave it out.")
    old = keys.signing_key()
    new = keys.load_from(new_key_file) if new_key_file else keys.prepare_next()
    after = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    note = key_history.rotation_note(
        origin=keys.origin(), old=old, new=new, at=dt.datetime.now(dt.UTC), after=after
    )
    rotation = key_history.open_rotation(bytes(note), origin=keys.origin())
    if rotation.new in keys.key_chain().keys:
        raise RotationRefused("That key was in use before: make a new one.", code="key_used")
    record(
        LogKeyRotated(
            stream=STREAM,
            old=str(rotation.old),
            new=str(rotation.new),
            reason=reason,
            statement=bytes(note).decode(),
        ),
        actor=actor,
    )
    return rotation


def _reason(text: str) -> str:
    if not (text := text.strip()):
        raise RotationRefused("Say why: the reason stands in the log.", code="reason_missing")
    return text
