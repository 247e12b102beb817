"""What the API shows of releases."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse
from rest_framework import serializers

from release.clearance import Clearance, Reason
from release.credits import CREDIT_ROLES
from release.evidence import Evidence
from release.gates import Gate
from release.labels import overall
from release.models import (
    Approval,
    Artwork,
    Contribution,
    Declaration,
    Imprint,
    Package,
    Recording,
    Release,
    Resolution,
    Track,
)
from release.reading import approval_of, cover_of, standing_credits, tracks_of


class ImprintSerializer(serializers.ModelSerializer[Imprint]):
    class Meta:
        model = Imprint
        fields = (
            "id", "name", "p_line_owner", "c_line_owner", "dpid", "isrc_prefix", "gtin_prefix", "catalogue_prefix",
            "is_fictional",
        )  # fmt: skip
        read_only_fields = ("id",)
        #: Two imprints of one name are the service's refusal, in words.
        extra_kwargs: ClassVar = {
            "name": {"validators": []},
            # People write them with hyphens; the service takes them off.
            "isrc_prefix": {"max_length": 8},
            "gtin_prefix": {"max_length": 14},
            "dpid": {"max_length": 24},
        }


class ContributionSerializer(serializers.ModelSerializer[Contribution]):
    name = serializers.CharField(source="person.credit_name")
    role_title = serializers.SerializerMethodField()

    class Meta:
        model = Contribution
        fields = ("id", "person", "name", "scope", "role", "role_title", "share_bp")

    def get_role_title(self, row: Contribution) -> str:
        role = CREDIT_ROLES.get(row.role)
        return role.title if role else row.role


class RecordingSerializer(serializers.ModelSerializer[Recording]):
    work_title = serializers.CharField(source="work.title")
    iswc = serializers.CharField(source="work.iswc")
    credits = serializers.SerializerMethodField()

    class Meta:
        model = Recording
        fields = (
            "id", "title", "version_title", "artist", "imprint", "work", "work_title", "iswc", "master", "isrc",
            "explicit", "p_line_year", "p_line_owner", "credits",
        )  # fmt: skip

    def get_credits(self, row: Recording) -> list[dict[str, Any]]:
        rows = standing_credits(row)
        return list(ContributionSerializer(rows, many=True).data)


class TrackSerializer(serializers.ModelSerializer[Track]):
    title = serializers.CharField(source="recording.title")
    isrc = serializers.CharField(source="recording.isrc")
    master = serializers.UUIDField(source="recording.master_id")

    class Meta:
        model = Track
        fields = ("id", "number", "recording", "title", "isrc", "master")


class ArtworkSerializer(serializers.ModelSerializer[Artwork]):
    sha256 = serializers.CharField(source="asset.sha256")
    media_type = serializers.CharField(source="asset.media_type")

    class Meta:
        model = Artwork
        fields = ("id", "origin", "likeness", "width_px", "height_px", "sha256", "media_type")


class ApprovalSerializer(serializers.ModelSerializer[Approval]):
    class Meta:
        model = Approval
        fields = ("id", "role", "state_digest", "approved_by", "created_at")


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """A release as lists show it."""

    class Meta:
        model = Release
        fields = (
            "id", "title", "kind", "state", "imprint", "artist", "gtin", "catalogue_number", "genre", "language",
            "release_date", "original_date", "territories", "p_line_year", "p_line_owner", "c_line_year",
            "c_line_owner", "deny_ai_training", "created_at",
        )  # fmt: skip


class ReleaseDetailSerializer(ReleaseSerializer):
    """One release, with its tracks, cover and the approval of it as it stands."""

    tracks = serializers.SerializerMethodField()
    cover = serializers.SerializerMethodField()
    approval = serializers.SerializerMethodField()

    class Meta(ReleaseSerializer.Meta):
        fields = (*ReleaseSerializer.Meta.fields, "tracks", "cover", "approval")  # type: ignore[assignment]

    def get_tracks(self, row: Release) -> list[dict[str, Any]]:
        return list(TrackSerializer(tracks_of(row), many=True).data)

    def get_cover(self, row: Release) -> dict[str, Any] | None:
        cover = cover_of(row)
        return dict(ArtworkSerializer(cover).data) if cover else None

    def get_approval(self, row: Release) -> dict[str, Any] | None:
        approval = approval_of(row)
        return dict(ApprovalSerializer(approval).data) if approval else None


class GateSerializer(serializers.Serializer[Gate]):
    code = serializers.CharField()
    level = serializers.ChoiceField(choices=["block", "warn"])
    sentence = serializers.CharField()
    why = serializers.CharField()
    cure = serializers.CharField(source="cure_url", help_text="The page where it is cured.")


class GatesSerializer(serializers.Serializer[Any]):
    """Gates that are not open. Without a block among them the package can be built."""

    open = serializers.BooleanField()
    gates = GateSerializer(many=True)


class SourceSerializer(serializers.Serializer[Any]):
    origin = serializers.CharField()
    basis = serializers.CharField(allow_null=True)
    entry = serializers.CharField(help_text="Leaf hash; empty where nobody said anything.")
    asset = serializers.CharField()


class ElementSerializer(serializers.Serializer[Any]):
    element = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    origin = serializers.CharField()
    origins = serializers.ListField(child=serializers.CharField())
    stated = serializers.CharField(allow_blank=True)
    settled = serializers.CharField(allow_blank=True)
    sources = SourceSerializer(many=True)


class ContradictionSerializer(serializers.Serializer[Any]):
    element = serializers.CharField()
    stated = serializers.CharField()
    found = serializers.ListField(child=serializers.CharField())
    sentence = serializers.CharField()


class DeclarationSerializer(serializers.ModelSerializer[Declaration]):
    class Meta:
        model = Declaration
        fields = (
            "id",
            "master",
            "number",
            "claims",
            "approved",
            "evidence_leaf",
            "declared_by",
            "created_at",
        )


class ClearanceReasonSerializer(serializers.Serializer[Reason]):
    """One thing that decides, with where it is written and how sure that is."""

    verdict = serializers.CharField(source="verdict.value")
    sentence = serializers.CharField()
    by = serializers.CharField(help_text="terms, or the receiver.")
    source = serializers.CharField()  # type: ignore[assignment]
    certainty = serializers.CharField()
    cure = serializers.CharField()


class ClearanceSerializer(serializers.Serializer[Clearance]):
    """A receiver's answer about a master."""

    receiver = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField(help_text="service or distributor.")
    verdict = serializers.CharField(source="verdict.value", help_text="may, with_credit, asks or may_not.")
    words = serializers.CharField()
    reasons = ClearanceReasonSerializer(many=True)
    credits = serializers.ListField(child=serializers.CharField(), help_text="Owed, word for word.")
    remarks = serializers.ListField(
        child=serializers.CharField(), help_text="They change nothing about going."
    )


class EvidenceSerializer(serializers.Serializer[Evidence]):
    """What the ledger says about a master, with what the artist stated and what was settled beside it."""

    master = serializers.UUIDField(source="master.pk")
    rules = serializers.CharField(source="map.rules")
    ai_involvement = serializers.SerializerMethodField()
    elements = serializers.SerializerMethodField()
    unknown = serializers.ListField(child=serializers.CharField())
    contradictions = serializers.SerializerMethodField()
    declaration = DeclarationSerializer(allow_null=True)

    def get_ai_involvement(self, evidence: Evidence) -> str | None:
        share = overall(evidence.findings)
        return share.value if share else None

    def get_elements(self, evidence: Evidence) -> list[dict[str, Any]]:
        claims = evidence.declaration.claims if evidence.declaration else {}
        return [
            dict(
                ElementSerializer(
                    {
                        "element": name,
                        "label": finding.label,
                        "origin": finding.origin,
                        "origins": sorted(finding.origins),
                        "stated": claims.get(name, ""),
                        "settled": evidence.settled.get(name, ""),
                        "sources": finding.sources,
                    }
                ).data
            )
            for name, finding in evidence.map.elements.items()
        ]

    def get_contradictions(self, evidence: Evidence) -> list[dict[str, Any]]:
        return [
            {"element": c.element, "stated": c.stated.value, "found": sorted(c.found), "sentence": c.sentence}
            for c in evidence.contradictions
        ]


class ResolutionSerializer(serializers.ModelSerializer[Resolution]):
    class Meta:
        model = Resolution
        fields = ("id", "declaration", "element", "origin", "resolved_by")


class PartSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    media_type = serializers.CharField()
    role = serializers.CharField()
    url = serializers.CharField()


class PackageJobSerializer(serializers.Serializer[Any]):
    state = serializers.CharField()
    progress_done = serializers.IntegerField()
    progress_total = serializers.IntegerField()
    note = serializers.CharField()
    error_code = serializers.CharField()
    error_message = serializers.CharField()


class PackageSerializer(serializers.ModelSerializer[Package]):
    """A package; `sha256`, `url`, `parts` and `checks` are filled once it is built."""

    job = PackageJobSerializer()
    sha256 = serializers.CharField(source="asset.sha256", default=None, allow_null=True)
    url = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()
    checks = serializers.SerializerMethodField()

    class Meta:
        model = Package
        fields = ("id", "release", "job", "sha256", "url", "parts", "checks", "requested_by", "created_at")

    def get_url(self, row: Package) -> str | None:
        return _file_url(row, "package.zip") if row.asset_id else None

    def get_parts(self, row: Package) -> list[dict[str, Any]]:
        if row.asset_id is None:
            return []
        return [dict(PartSerializer(part | {"url": _file_url(row, part["path"])}).data) for part in row.parts]

    def get_checks(self, row: Package) -> dict[str, Any]:
        return dict(row.checks) if row.asset_id else {}


def _file_url(package: Package, path: str) -> str:
    return f"{reverse('api:package-files', args=[package.pk])}?path={path}"
