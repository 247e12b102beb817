"""Signs a tagged file. The order is fixed: tags first, signature last, nothing after."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import c2pa

from release.c2pa.authority import TrialAuthority
from release.c2pa.errors import CannotSign
from release.c2pa.manifest import Manifest, to_definition, to_ingredient
from release.sniff import sniff

MEDIA_TYPES: Final = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg"}
_NO_THUMBNAIL: Final = {"version": 1, "builder": {"thumbnail": {"enabled": False}}}


@dataclass(frozen=True, kw_only=True)
class SignedFile:
    """A signed copy. `sidecar` holds the manifest store's bytes: keep them, tools strip manifests silently."""

    path: Path
    sha256: str
    size_bytes: int
    sidecar: bytes
    sidecar_sha256: str


def sign(source: Path, target: Path, manifest: Manifest, authority: TrialAuthority) -> SignedFile:
    """Writes a signed copy of `source` to `target`; `source` stays as it is. Raises CannotSign.

    `target` appears only when it is whole: it is written beside its place and moved there.
    """
    kind = sniff(source)
    if MEDIA_TYPES.get(kind) != manifest.media_type:
        raise CannotSign(f"{source.name} is {kind or 'no audio'}; the manifest is for {manifest.media_type}.")
    if not manifest.actions or manifest.actions[0].action not in ("c2pa.created", "c2pa.opened"):
        raise CannotSign("The first action of a manifest must be c2pa.created or c2pa.opened.")
    if manifest.actions[0].action == "c2pa.created" and not manifest.actions[0].source_type:
        raise CannotSign(
            "Where the sound comes from is not known, so no credential can state it. Declare it first."
        )
    info = c2pa.C2paSignerInfo(
        alg=b"es256",
        sign_cert=authority.chain_pem.encode(),
        private_key=authority.key_pem.encode(),
        ta_url=None,
    )
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".signing-") as folder:
        made = Path(folder) / f"signed.{kind}"
        try:
            context = c2pa.Context(c2pa.Settings.from_dict(_NO_THUMBNAIL))
            with context, c2pa.Builder(to_definition(manifest), context=context) as builder:
                for ingredient in manifest.ingredients:
                    if ingredient.path is None:  # named in the definition already
                        continue
                    # a wrong media type would be parsed as what it is not
                    found = MEDIA_TYPES.get(sniff(ingredient.path), ingredient.media_type)
                    definition = to_ingredient(ingredient) | {"format": found}
                    with ingredient.path.open("rb") as stream:
                        builder.add_ingredient(definition, found, stream)
                with (
                    c2pa.Signer.from_info(info) as signer,
                    source.open("rb") as read,
                    made.open("w+b") as write,
                ):
                    sidecar = bytes(builder.sign(signer, manifest.media_type, read, write))
        except (c2pa.C2paError, OSError) as error:
            raise CannotSign(f"{source.name} could not be signed: {error}") from error
        made.replace(target)
    with target.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return SignedFile(
        path=target,
        sha256=digest,
        size_bytes=target.stat().st_size,
        sidecar=sidecar,
        sidecar_sha256=hashlib.sha256(sidecar).hexdigest(),
    )
