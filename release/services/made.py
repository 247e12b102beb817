"""Publishing how a master was made, and taking it back."""

from __future__ import annotations

import re
import secrets

from django.db import IntegrityError, transaction

from artists.models import User
from generation.models import Master
from generation.services import newest_check
from provenance.ledger import record
from release.errors import BadField, UserFault
from release.events import HowMadePublished, HowMadeWithdrawn
from release.models import HowMade

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,62}[a-z0-9])")


def publish_how_made(master: Master, *, slug: str = "", actor: User) -> HowMade:
    """Put the newest check of a master where everybody who has the address can read it.

    Without a `slug` the address is long and by chance. What was published of this master before keeps its address and
    shows the newer check.
    """
    check = newest_check(master)
    if check is None:
        raise UserFault("The master was not held against a method yet. Check it first.")
    slug = slug.strip().lower()
    if slug and not _SLUG.fullmatch(slug):
        raise BadField("Use 3 to 64 small letters, digits and hyphens.", field="slug")
    with transaction.atomic():
        Master.objects.select_for_update().get(pk=master.pk)
        row = HowMade.objects.filter(master=master, active=True).first()
        if row is None or (slug and row.slug != slug):
            if HowMade.objects.filter(slug=slug).exclude(master=master).exists() and slug:
                raise BadField("This address is taken. Choose another.", field="slug")
            row = HowMade.objects.filter(slug=slug, master=master).first() or HowMade(
                master=master, slug=slug or secrets.token_urlsafe(18).replace("_", "-").lower()
            )
        fresh = row._state.adding
        row.check_shown, row.active = check, True
        row.entry = record(
            HowMadePublished(
                stream=master.project.stream,
                subjects=(f"master:{master.pk}", f"method-check:{check.pk}"),
                title=master.project.title,
                number=master.number,
                method_number=check.method.number,
                check_leaf=bytes(check.entry.leaf_hash).hex(),
            ),
            actor=actor,
        )
        try:
            with transaction.atomic():
                row.save(force_insert=fresh)
        except IntegrityError:
            raise BadField("This address is taken. Choose another.", field="slug") from None
    return row


def withdraw_how_made(row: HowMade, *, actor: User) -> HowMade:
    """Take the page off its address. That it was public, and what it said, stays in the ledger."""
    with transaction.atomic():
        row = HowMade.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if not row.active:
            return row
        row.entry = record(
            HowMadeWithdrawn(
                stream=row.master.project.stream,
                subjects=(f"master:{row.master_id}",),
                title=row.master.project.title,
                number=row.master.number,
            ),
            actor=actor,
        )
        row.active = False
        row.save()
    return row
