"""Imprints: the names, lines and number ranges that releases go out under."""

from __future__ import annotations

import re

from django.db import transaction

from provenance.ledger import HasActor, record
from release import identifiers
from release.errors import BadField
from release.events import ImprintCreated
from release.models import Imprint


def create_imprint(
    *,
    name: str,
    p_line_owner: str,
    c_line_owner: str,
    isrc_prefix: str,
    gtin_prefix: str,
    catalogue_prefix: str,
    dpid: str = "",
    is_fictional: bool = False,
    actor: HasActor,
) -> Imprint:
    """Set up an imprint. Raises `BadField` or `BadIdentifier` with what to do."""
    name, gtin_prefix = name.strip(), re.sub(r"[\s-]", "", gtin_prefix)
    if not name:
        raise BadField("Write the imprint's name.", field="name")
    if Imprint.objects.filter(name__iexact=name).exists():
        raise BadField("There is an imprint of this name already.", field="name")
    if not re.fullmatch(r"[A-Z0-9]{2,8}", catalogue_prefix):
        raise BadField(
            "A catalogue prefix has two to eight capital letters or digits.", field="catalogue_prefix"
        )
    identifiers.next_gtin(gtin_prefix, 0)
    with transaction.atomic():
        imprint = Imprint(
            name=name,
            p_line_owner=p_line_owner.strip(),
            c_line_owner=c_line_owner.strip(),
            dpid=identifiers.check_dpid(dpid) if dpid.strip() else "",
            isrc_prefix=identifiers.check_isrc_prefix(isrc_prefix),
            gtin_prefix=gtin_prefix,
            catalogue_prefix=catalogue_prefix,
            is_fictional=is_fictional,
        )
        imprint.entry = record(
            ImprintCreated(
                stream=f"imprint:{imprint.pk}",
                imprint=str(imprint.pk),
                name=name,
                isrc_prefix=imprint.isrc_prefix,
                gtin_prefix=gtin_prefix,
                dpid=imprint.dpid,
            ),
            actor=actor,
        )
        imprint.save(force_insert=True)
    return imprint
