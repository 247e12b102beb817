"""Content credentials (C2PA) in files: what a manifest says, whether it is intact, and whose signature it bears.

Reading only, and pure, without Django; the library is loaded on first use. Everything in a manifest is somebody
else's: each value is checked for its type, texts are cut, nothing is fetched for it.

Two lists of roots are kept apart (`Trust`): who may sign manifests, and who may sign times. The library takes an
anchor of either kind for both purposes (c2pa 0.91), so that with one list a certificate from a public time
authority's root could sign as the label; `read_store` asks it so that this cannot happen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

GENERATED: Final = "trainedAlgorithmicMedia"
COMPOSITE: Final = "compositeWithTrainedAlgorithmicMedia"
CARRIERS: Final = frozenset({"audio/wav", "audio/mpeg", "audio/flac", "audio/mp4"})
"""Formats that hold a manifest inside. Others (OGG) may have one beside them."""
_MAX_TEXT: Final = 160
_MAX_ITEMS: Final = 1000
_CHANGED: Final = (
    "assertion.dataHash.mismatch",
    "assertion.bmffHash.mismatch",
    "assertion.boxesHash.mismatch",
    "assertion.hashedURI.mismatch",
)
_NO_MANIFEST: Final = ("NotSupported", "ManifestNotFound", "Io", "UnsupportedType", "FileNotFound")


@dataclass(frozen=True, slots=True)
class Trust:
    """Roots as PEM text: `signers` anchor who signs manifests, `timestamps` who signs times. Empty for none."""

    signers: str = ""
    timestamps: str = ""


@dataclass(frozen=True, kw_only=True)
class Store:
    """A manifest store as the library read it. `state`: trusted, valid, broken or invalid.

    - trusted: as it was signed, by a signer under one of the given roots
    - valid: as it was signed, by somebody else
    - broken: what was signed is not what is here
    - invalid: the credential itself is not in order

    `timestamp`: trusted, untrusted (in order, from an authority that is not among the given roots), broken or none.
    """

    state: str
    timestamp: str = "none"
    signature_holds: bool = False
    """The claim's signature and every assertion fit; says nothing about the sound."""
    signer_trusted: bool = False
    """The signer is under one of the given roots; says nothing about the sound either."""
    active: Mapping[str, Any] = field(default_factory=dict)
    others: tuple[Mapping[str, Any], ...] = ()
    """Manifests of ingredients, which came along."""
    problems: tuple[str, ...] = ()

    def assertion(self, label: str) -> Mapping[str, Any]:
        """The data of an assertion of the active manifest by its label; empty where there is none of that form."""
        return next((data for name, data in assertions(self.active) if name == label), {})


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    return value[:_MAX_ITEMS] if isinstance(value, list) else []


def text(value: object) -> str:
    """The value where it is text or a number, on one line and cut; else empty."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    return "".join(char if char.isprintable() else " " for char in str(value)[: 4 * _MAX_TEXT]).strip()[
        :_MAX_TEXT
    ]


def assertions(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for item in sequence(manifest.get("assertions")):
        yield text(mapping(item).get("label")), mapping(mapping(item).get("data"))


def actions(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The actions of a manifest, from whichever version of the assertion."""
    return [
        mapping(action)
        for label, data in assertions(manifest)
        if label.startswith("c2pa.actions")
        for action in sequence(data.get("actions"))
    ]


def source_types(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Last part of each IPTC digital source type that the actions name, each once.

    What `c2pa.placed` names is a source's, not the whole's: it stands with the ingredients.
    """
    found = (
        text(action.get("digitalSourceType")).rstrip("/").rpartition("/")[2]
        for action in actions(manifest)
        if action.get("action") != "c2pa.placed"
    )
    return tuple(dict.fromkeys(filter(None, found)))


def generator(manifest: Mapping[str, Any]) -> str:
    """The program that made the claim, with its version."""
    for info in map(mapping, sequence(manifest.get("claim_generator_info"))):
        if info.get("name"):
            return " ".join(filter(None, (text(info.get("name")), text(info.get("version")))))
    return text(manifest.get("claim_generator"))


def read_store(
    path: Path | str, *, media_type: str | None = None, sidecar: bytes | None = None, trust: Trust = Trust()
) -> Store | None:
    """The manifest store of a file, or of `sidecar` held against the file; None where there is none.

    Never raises for what the file holds. Asks up to three times, so that a root of a time authority never makes a
    signer trusted: once with all roots, then without the time authorities, or with them alone.
    """
    both = _read(path, media_type, sidecar, trust.signers + trust.timestamps)
    if both is None or not both.signer_trusted or not trust.timestamps:
        return both
    if not trust.signers:
        return _untrusted(both)
    alone = _read(path, media_type, sidecar, trust.timestamps)
    if alone is not None and alone.signer_trusted:
        # the chain ends at a time authority's root; it may end at one of the signers' too
        signers = _read(path, media_type, sidecar, trust.signers)
        if signers is None or not signers.signer_trusted:
            return _untrusted(both)
    return both


def _untrusted(store: Store) -> Store:
    state = "valid" if store.state == "trusted" else store.state
    return replace(store, state=state, signer_trusted=False)


def _read(path: Path | str, media_type: str | None, sidecar: bytes | None, anchors: str) -> Store | None:
    import c2pa

    settings: dict[str, Any] = {
        "version": 1,
        # a foreign manifest may name addresses: nothing is fetched for it
        "verify": {"verify_trust": True, "remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    if anchors:
        settings["trust"] = {"user_anchors": anchors}
    try:
        with c2pa.Context(c2pa.Settings.from_dict(settings)) as context, Path(path).open("rb") as stream:
            reader = (
                c2pa.Reader.try_create(media_type, stream, context=context)
                if sidecar is None
                else c2pa.Reader(media_type, stream, manifest_data=sidecar, context=context)
            )
            if reader is None:
                return None
            with reader:
                found = json.loads(reader.json())
    except c2pa.C2paError as error:
        kind = str(error).split(":", maxsplit=1)[0].strip()
        if kind in _NO_MANIFEST and sidecar is None:
            return None
        return Store(state="invalid", problems=(text(kind) or type(error).__name__,))
    except (ValueError, RecursionError):
        return Store(state="invalid", problems=("unreadable",))
    return _store(mapping(found))


def _store(found: Mapping[str, Any]) -> Store:
    manifests, label = mapping(found.get("manifests")), found.get("active_manifest")
    results = mapping(mapping(found.get("validation_results")).get("activeManifest"))
    codes = {kind: _codes(results.get(kind)) for kind in ("success", "informational", "failure")}
    failures = tuple(code for code in codes["failure"] if code != "signingCredential.untrusted")
    if any(code in _CHANGED for code in failures):
        state = "broken"
    else:
        state = {"Trusted": "trusted", "Valid": "valid"}.get(text(found.get("validation_state")), "invalid")
    return Store(
        state=state,
        timestamp=_timestamp(codes),
        signature_holds="claimSignature.validated" in codes["success"]
        and not any(code.startswith(("claimSignature.", "assertion.hashedURI")) for code in failures),
        signer_trusted="signingCredential.trusted" in codes["success"],
        active=mapping(manifests.get(label)) if isinstance(label, str) else {},
        others=tuple(mapping(value) for key, value in list(manifests.items())[:_MAX_ITEMS] if key != label),
        problems=failures,
    )


def _codes(items: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text(mapping(item).get("code")) for item in sequence(items)))


def _timestamp(codes: Mapping[str, tuple[str, ...]]) -> str:
    said = {code for found in codes.values() for code in found if code.startswith("timeStamp.")}
    if said - {"timeStamp.validated", "timeStamp.trusted", "timeStamp.untrusted"}:
        return "broken"
    if "timeStamp.validated" not in said:
        return "broken" if said else "none"
    return "trusted" if "timeStamp.trusted" in said else "untrusted"


def roots_in(folder: Path | str | None) -> str:
    """Every certificate of the PEM files (`*.pem`, `*.crt`) of a folder, as one text; empty where there is none."""
    if not folder or not Path(folder).is_dir():
        return ""
    found = []
    for path in sorted(Path(folder).iterdir()):
        if path.suffix in {".pem", ".crt"} and path.is_file():
            found.append(path.read_text(encoding="ascii", errors="replace").strip() + "\n")
    return "".join(found)


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What a file from outside says about itself. `state` as in `Store`.

    `source_types` are the last parts of IPTC digital source types, as the active manifest's actions name them;
    `ingredient_types` those of its ingredients, from their own manifests and from what the active one says of them.
    """

    state: str
    generator: str
    issuer: str
    title: str
    source_types: tuple[str, ...]
    timestamp: str = "none"
    signed_at: str = ""
    ingredients: int = 0
    ingredient_types: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        return self.state in {"valid", "trusted"}

    @property
    def generated(self) -> bool:
        """Whether an intact manifest calls the file the output of a trained model."""
        return self.intact and GENERATED in self.source_types

    @property
    def contains_generated(self) -> bool:
        """Whether an intact manifest says that a trained model had a part in it, or in what it was made from."""
        return self.intact and bool({GENERATED, COMPOSITE} & {*self.source_types, *self.ingredient_types})

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "generator": self.generator,
            "issuer": self.issuer,
            "title": self.title,
            "source_types": list(self.source_types),
            "generated": self.generated,
            "contains_generated": self.contains_generated,
            "timestamp": self.timestamp,
            "signed_at": self.signed_at,
            "ingredients": self.ingredients,
            "ingredient_types": list(self.ingredient_types),
            "problems": list(self.problems),
        }


def read(path: Path | str, media_type: str, *, trust: Trust = Trust()) -> Credential | None:
    """The credential inside a file; None when there is none or the format cannot hold one. Never raises for content."""
    if media_type not in CARRIERS:
        return None
    store = read_store(path, media_type=media_type, trust=trust)
    if store is None:
        return None
    signature = mapping(store.active.get("signature_info"))
    ingredients = [mapping(item) for item in sequence(store.active.get("ingredients"))]
    return Credential(
        state=store.state,
        generator=generator(store.active),
        issuer=text(signature.get("issuer")) or text(signature.get("common_name")),
        title=text(store.active.get("title")),
        source_types=source_types(store.active),
        timestamp=store.timestamp,
        signed_at=text(signature.get("time")),
        ingredients=len(ingredients),
        ingredient_types=tuple(dict.fromkeys(_ingredient_types(store, ingredients))),
        problems=store.problems,
    )


def _ingredient_types(store: Store, ingredients: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for item in ingredients:
        if kind := text(mapping(item.get("metadata")).get("digitalSourceType")):
            yield kind.rstrip("/").rpartition("/")[2]
    for manifest in store.others:
        yield from source_types(manifest)
