"""Advances of agreements: that they were paid is somebody's word, with the day."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from artists.errors import ArtistsUserFault, NotNow
from artists.events import agreement as events
from artists.models import Agreement, User
from provenance.elements import Basis
from provenance.ledger import record

#: An advance of an agreement that has ended since may still have been paid.
MAY_BE_PAID = (Agreement.Status.SIGNED, Agreement.Status.ENDED, Agreement.Status.TERMINATED)


def note_advance(
    agreement: Agreement, *, paid_on: dt.date | None, amount: str = "", actor: User
) -> Agreement:
    """State on which day the advance was paid. Until then it stays due, and late once its day has passed."""
    if paid_on is None:
        raise ArtistsUserFault("Say on which day it was paid.")
    if paid_on > timezone.now().date():
        raise ArtistsUserFault("That day is still to come. Note the advance once it was paid.")
    with transaction.atomic():
        row = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
        if row.status not in MAY_BE_PAID:
            raise NotNow("Nothing is owed by an agreement that was never signed.")
        row.advance_paid_on = paid_on
        row.entry = record(
            events.AdvancePaid(
                stream=row.stream,
                basis=Basis.DECLARED,
                subjects=(f"artist:{row.artist_id}",),
                agreement=str(row.pk),
                artist=str(row.artist_id),
                paid_on=paid_on.isoformat(),
                amount=" ".join(amount.split())[:160],
            ),
            actor=actor,
        )
        row.save()
    return row
