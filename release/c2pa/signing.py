"""Signs a tagged file. The order is fixed: tags first, signature last, nothing after."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import c2pa

from provenance.sniff import sniff
from release.c2pa.authority import TrialAuthority
from release.c2pa.errors import CannotSign, TimestampUnavailable
from release.c2pa.manifest import Manifest, to_definition, to_ingredient
from release.c2pa.signer import Signer

MEDIA_TYPES: Final = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "mp4": "audio/mp4",
    "ogg": "audio/ogg",
}
BESIDE_ONLY: Final = frozenset({"audio/ogg"})
"""The manifest of these lies beside the file; the file stays as it is, byte for byte."""
_NO_THUMBNAIL: Final = {"version": 1, "builder": {"thumbnail": {"enabled": False}}}
#: How the library begins when the authority gave no usable stamp. Nothing else that a checked signer does fails so.
_TIME: Final = "Signature: internal error "


@dataclass(frozen=True, kw_only=True)
class SignedFile:
    """A signed copy. `sidecar` holds the manifest store's bytes: keep them, tools strip manifests silently.

    `authority` names the time-stamping authority that stamped the signature; empty for none.
    """

    path: Path
    sha256: str
    size_bytes: int
    sidecar: bytes
    sidecar_sha256: str
    authority: str = ""


def sign(source: Path, target: Path, manifest: Manifest, signer: Signer | TrialAuthority) -> SignedFile:
    """Writes a signed copy of `source` to `target`; `source` stays as it is.

    `target` appears only when it is whole: it is written beside its place and moved there. Where the signer names
    time-stamping authorities, one of them stamps the signature or nothing is written.

    Raises CannotSign, TimestampUnavailable, CertificateUnusable.
    """
    if isinstance(signer, TrialAuthority):
        signer = Signer.from_trial(signer)
    kind = sniff(source)
    if MEDIA_TYPES.get(kind) != manifest.media_type:
        raise CannotSign(f"{source.name} is {kind or 'no audio'}; the manifest is for {manifest.media_type}.")
    if not manifest.actions or manifest.actions[0].action not in ("c2pa.created", "c2pa.opened"):
        raise CannotSign("The first action of a manifest must be c2pa.created or c2pa.opened.")
    if not manifest.actions[0].source_type:
        raise CannotSign(
            "Where the sound comes from is not known, so no credential can state it. Declare it first."
        )
    refusals = []
    for authority in signer.timestamps or (None,):
        try:
            sidecar = _signed(source, target, manifest, signer, authority.url if authority else None)
        except TimestampUnavailable as error:
            assert authority is not None
            refusals.append(f"{authority.name} ({error.message})")
            continue
        with target.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return SignedFile(
            path=target,
            sha256=digest,
            size_bytes=target.stat().st_size,
            sidecar=sidecar,
            sidecar_sha256=hashlib.sha256(sidecar).hexdigest(),
            authority=authority.name if authority else "",
        )
    raise TimestampUnavailable(
        "No time-stamping authority stamped the signature, so nothing was signed: "
        + "; ".join(refusals)
        + "."
    )


def _signed(
    source: Path, target: Path, manifest: Manifest, signer: Signer, timestamp_url: str | None
) -> bytes:
    """The sidecar; `target` is in its place then. Raises what `sign` raises, for this one authority."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".signing-") as folder:
        made = Path(folder) / f"signed{target.suffix}"
        try:
            context = c2pa.Context(c2pa.Settings.from_dict(_NO_THUMBNAIL))
            with context, c2pa.Builder(to_definition(manifest), context=context) as builder:
                if manifest.media_type in BESIDE_ONLY:
                    builder.set_no_embed()
                for ingredient in manifest.ingredients:
                    if ingredient.path is None:  # named in the definition already
                        continue
                    # a wrong media type would be parsed as what it is not
                    found = MEDIA_TYPES.get(sniff(ingredient.path), ingredient.media_type)
                    definition = to_ingredient(ingredient) | {"format": found}
                    with ingredient.path.open("rb") as stream:
                        builder.add_ingredient(definition, found, stream)
                with (
                    signer.open(timestamp_url) as (opened, failed),
                    source.open("rb") as read,
                    made.open("w+b") as write,
                ):
                    try:
                        sidecar = bytes(builder.sign(opened, manifest.media_type, read, write))
                    except c2pa.C2paError as error:
                        raise _refusal(error, failed, timestamp_url, source.name) from error
        except (c2pa.C2paError, OSError) as error:
            raise CannotSign(f"{source.name} could not be signed: {error}") from error
        made.replace(target)
    return sidecar


def _refusal(
    error: Exception, failed: Iterable[Exception], timestamp_url: str | None, name: str
) -> Exception:
    """What a failed signature is called: the program's own error, the time authority's, or the file's."""
    for own in failed:
        return own
    if timestamp_url and str(error).startswith(_TIME):
        said = str(error).removeprefix(_TIME).removeprefix("(").removesuffix(")")
        return TimestampUnavailable(said.removeprefix("an error occurred from the underlying ")[:200])
    return CannotSign(f"{name} could not be signed: {error}")
