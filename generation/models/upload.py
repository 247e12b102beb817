"""What artists bring in themselves, with what they declare about it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from artists.models import User
from generation.models.catalogue import ToolTerms
from generation.models.project import Project
from provenance.models import Asset, Recorded

#: Kinds of entries whose outputs were made on this platform.
GENERATED = frozenset({"take.generated", "render.finished", "master.finished"})


class Upload(Recorded):
    class Declared(models.TextChoices):
        OWN_PERFORMANCE = "own_performance", "My own performance"
        THIRD_PARTY = "third_party", "Somebody else's, with a licence"
        EXTERNAL_TOOL = "external_tool", "Made with an AI tool elsewhere"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="uploads")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20)
    declared = models.CharField(max_length=16, choices=Declared.choices)
    elements = models.JSONField(
        default=list, help_text="Elements the declaration covers, e.g. melody, lyrics."
    )
    terms = models.ForeignKey(ToolTerms, null=True, on_delete=models.PROTECT, related_name="+")
    tool_name = models.CharField(
        max_length=80, blank=True, help_text="The tool, where its terms are not known."
    )
    plan = models.CharField(max_length=60, blank=True, help_text="The plan it was made under.")
    made_on = models.DateField(null=True, help_text="When it was made there.")
    terms_snapshot = models.ForeignKey(
        Asset,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The tool's terms of that day.",
    )
    receipt = models.ForeignKey(
        Asset, null=True, on_delete=models.PROTECT, related_name="+", help_text="Proof of the plan."
    )
    licence = models.CharField(max_length=200, blank=True, help_text="Third party: which licence, from whom.")
    may_be_sold = models.BooleanField(default=True, help_text="Third party: the licence covers selling.")
    may_be_input = models.BooleanField(
        default=False, help_text="Third party: the licence covers giving it to AI tools."
    )
    attribution = models.CharField(max_length=200, blank=True, help_text="Third party: credit that is owed.")
    captured = models.BooleanField(
        default=False, help_text="Recorded in the browser, on a page of this site."
    )
    midi = models.ForeignKey(
        Asset,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The notes of a file of notes.",
    )
    c2pa = models.JSONField(default=dict, help_text="What a manifest in the file said, if there was one.")
    playback = models.ForeignKey(
        Asset, null=True, on_delete=models.PROTECT, related_name="+", help_text="A copy that browsers play."
    )
    already_known_as = models.CharField(
        max_length=64, blank=True, help_text="Kind of the entry that made these bytes before."
    )
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        """`audio`, or `notes` for a file of notes, which makes no sound by itself."""
        return "notes" if self.midi_id is not None else "audio"

    @property
    def terms_open(self) -> bool:
        """An AI tool made it and nobody has said under which terms: it may not be sold until somebody does."""
        return self.declared == self.Declared.EXTERNAL_TOOL and self.terms_id is None

    @property
    def audible(self) -> Asset:
        """What a browser is given to play."""
        return self.playback or self.asset

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the person who uploaded it should know, in whole sentences."""
        found = []
        if self.already_known_as in GENERATED:
            found.append(
                "These very bytes were generated here before. The platform saw that, so it counts more than what was "
                "declared now."
            )
        if self.c2pa.get("generated") and self.declared == self.Declared.OWN_PERFORMANCE:
            found.append(
                "The file carries a content credential that calls it the output of a trained model. The credential "
                "counts, not the declaration."
            )
        elif self.c2pa.get("contains_generated") and self.declared == self.Declared.OWN_PERFORMANCE:
            found.append(
                "The file carries a content credential that says that a trained model had a part in it, or in what it "
                "was made from. Say so where the declaration asks for it."
            )
        if self.kind == "notes":
            found += [str(remark) for remark in self.asset.probe.get("remarks", ())]
        if self.terms_open:
            found.append(
                "Nobody knows the terms of the tool that made this. It can be worked with, and may not be sold until "
                "they are stated on its page."
            )
        elif self.terms is not None and self.made_on is not None and self.made_on < self.terms.source_date:
            found.append(
                "It was made before the terms in the catalogue were read. Keep the terms of that day with it, and the "
                "receipt."
            )
        if self.c2pa.get("state") in ("invalid", "broken"):
            found.append(
                "The file carries a content credential that is not intact; it was noted and not used."
            )
        return tuple(found)
