"""From entry bodies to the graph of one asset.

1. The authorship fold says which assets belong to the lineage and which entry counts for each.
2. Outputs of one entry that went the same way (the stems of a take) become one node.
3. Where a producing entry names a step among its subjects (a prompt run, an arrangement version), the step
   stands between what went in and what came out.
4. More than `limit` nodes are grouped: provenance/lineage/group.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Final

from provenance.authorship import AuthorshipMap, EntryBody, fold, fold_many
from provenance.elements import Origin, combine
from provenance.lineage.describe import describe_assets, describe_step, noun_of, short, step_noun, step_of
from provenance.lineage.group import group
from provenance.lineage.model import Edge, Lineage, Node, NodeKind

LIMIT: Final = 300
_SAVED: Final = "arrangement.saved"


def graph(
    entries: Iterable[EntryBody],
    target_sha256: str,
    *,
    authorship: AuthorshipMap | None = None,
    names: Mapping[str, str] | None = None,
    limit: int = LIMIT,
) -> Lineage:
    """The lineage of an asset. Any ledger, honest or not, gives a graph; what has no entry is shown as unknown.

    `authorship`: the fold's answer for the same target, where it is at hand. `names`: titles by digest or
    subject, for names that the reader may see.
    """
    every = {entry.leaf_hash: entry for entry in entries}
    found = authorship or fold(every.values(), target_sha256)
    return group(_Builder(every, found, names or {}).build(), limit)


class _Builder:
    def __init__(
        self, entries: Mapping[str, EntryBody], found: AuthorshipMap, names: Mapping[str, str]
    ) -> None:
        self.found = found
        self.names = names
        self.maker = {sha256: entries[leaf] for sha256, leaf in found.produced_by.items() if leaf in entries}
        self.entries = entries
        self.bundle: dict[str, str] = {}
        self.members: dict[str, tuple[str, ...]] = {}
        self.edges: set[Edge] = set()
        self.used: dict[str, frozenset[str]] = {}
        self.origins = dict(found.asset_origins)
        self.roles = dict(found.roles)

    def build(self) -> Lineage:
        makers = dict(self.maker)
        self._add_references(makers)
        self._bundle_assets()
        steps = self._connect(makers)
        nodes = [self._asset_node(node_id) for node_id in self.members]
        nodes += [self._step_node(subject, made) for subject, made in steps.items()]
        first = {node.id: self._first_seen(node) for node in nodes}
        nodes.sort(key=lambda node: (*first[node.id], node.kind is not NodeKind.STEP, node.id))
        return Lineage(
            target=self.found.target,
            nodes=MappingProxyType({node.id: node for node in nodes}),
            edges=tuple(sorted(edge for edge in self.edges if edge.source != edge.target)),
            total=len(nodes),
        )

    def _add_references(self, makers: Mapping[str, EntryBody]) -> None:
        """What a step was given but used no sound or note of: one node each, without its own past."""
        given = {
            ref.sha256
            for maker in makers.values()
            for ref in maker.inputs
            if ref.sha256 not in self.origins and ref.sha256 not in self._used_by(maker)
        }
        for sha256, found in (fold_many(self.entries.values(), sorted(given)) if given else {}).items():
            self.origins[sha256] = found.asset_origins[sha256]
            if sha256 in found.produced_by:
                self.maker[sha256] = self.entries[found.produced_by[sha256]]
                self.roles[sha256] = found.roles[sha256]

    def _bundle_assets(self) -> None:
        """Outputs of one entry that the same entries used share a node; the target stays alone."""
        users: dict[str, set[str]] = {sha256: set() for sha256 in self.origins}
        for sha256, maker in self.maker.items():
            for needed in _needs(maker, sha256):
                users.setdefault(needed, set()).add(maker.leaf_hash)
        together: dict[tuple[str, frozenset[str]], list[str]] = {}
        for sha256 in sorted(self.origins):
            made_by = self.maker.get(sha256)
            alone = made_by is None or sha256 == self.found.target
            key = (sha256 if alone or made_by is None else made_by.leaf_hash, frozenset(users[sha256]))
            together.setdefault(key, []).append(sha256)
        for members in together.values():
            node_id = f"asset:{members[0]}"
            self.members[node_id] = tuple(members)
            self.bundle.update(dict.fromkeys(members, node_id))

    def _connect(self, makers: Mapping[str, EntryBody]) -> dict[str, list[EntryBody]]:
        steps: dict[str, list[EntryBody]] = {}
        for sha256, maker in makers.items():
            node_id = self.bundle[sha256]
            needs = _needs(maker, sha256)
            used = {self.bundle[needed] for needed in needs if needed in self.bundle}
            looked_at = {
                self.bundle[ref.sha256]
                for ref in maker.inputs
                if ref.sha256 in self.bundle and ref.sha256 not in self._used_by(maker)
            }
            step = step_of(maker)
            if step is None:
                into = node_id
            else:
                into = step
                steps.setdefault(step, [])
                if maker not in steps[step]:
                    steps[step].append(maker)
                self.edges.add(Edge(step, node_id))
            # A file that the same step made from another of its outputs (a FLAC of the master) comes from that.
            sisters = {source for source in used if self._made_by(source) is maker}
            self.edges.update(Edge(source, node_id) for source in sisters)
            self.edges.update(Edge(source, into) for source in used - sisters)
            self.edges.update(Edge(source, into, reference=True) for source in looked_at - used)
            if sisters and step is not None:
                self.edges.discard(Edge(step, node_id))
        return steps

    def _used_by(self, maker: EntryBody) -> frozenset[str]:
        """All that an entry's outputs were made of, and the outputs themselves."""
        if maker.leaf_hash not in self.used:
            parts = [_needs(maker, sha256) for sha256 in maker.authorship]
            self.used[maker.leaf_hash] = frozenset(maker.authorship).union(*parts)
        return self.used[maker.leaf_hash]

    def _made_by(self, node_id: str) -> EntryBody | None:
        return self.maker.get(self.members[node_id][0])

    def _asset_node(self, node_id: str) -> Node:
        members = self.members[node_id]
        maker = self.maker.get(members[0])
        if maker is None:
            title = self.names.get(members[0], "Unknown source")
            note = f"no entry · {short(members[0])}"
            return Node(node_id, NodeKind.UNKNOWN, "unknown", title, note, Origin.UNKNOWN, members, ())
        roles = [self.roles.get(sha256, "other") for sha256 in members]
        title, note = describe_assets(maker, members, roles, self.found.target)
        title = self.names.get(members[0], title) if len(members) == 1 else title
        origin = combine(origin for sha256 in members for origin in self.origins[sha256])
        return Node(node_id, NodeKind.ASSET, noun_of(maker), title, note, origin, members, (maker.leaf_hash,))

    def _saved_before(self, about: list[EntryBody]) -> list[EntryBody]:
        """The saves that an arrangement's version was built on, the first one first."""
        saves = {
            save.public.get("number"): save
            for entry in about
            for ref in entry.subjects
            if ref.startswith("arrangement:")
            for save in self._about.get(ref, ())
            if save.kind == _SAVED
        }
        own = next((entry for entry in about if entry.kind == _SAVED), None)
        found: list[EntryBody] = []
        number = own.public.get("parent") if own else None
        while number in saves:
            found.append(saves.pop(number))
            number = found[-1].public.get("parent")
        return found[::-1]

    def _step_node(self, subject: str, made: list[EntryBody]) -> Node:
        about = [e for e in self._about.get(subject, ()) if not e.outputs]
        about = [*self._saved_before(about), *about]
        title, note = describe_step(subject, about)
        every = sorted({*about, *made}, key=lambda entry: (entry.at, entry.leaf_hash))
        return Node(
            id=subject,
            kind=NodeKind.STEP,
            noun=step_noun(subject),
            title=self.names.get(subject, title),
            note=note,
            origin=None,
            refs=(subject,),
            entries=tuple(entry.leaf_hash for entry in every),
        )

    @cached_property
    def _about(self) -> Mapping[str, list[EntryBody]]:
        """Entries by the subjects that they name, in time."""
        about: dict[str, list[EntryBody]] = {}
        for entry in sorted(self.entries.values(), key=lambda entry: (entry.at, entry.leaf_hash)):
            for subject in entry.subjects:
                about.setdefault(subject, []).append(entry)
        return about

    def _first_seen(self, node: Node) -> tuple[float, str]:
        times = [(self.entries[leaf].at.timestamp(), leaf) for leaf in node.entries]
        return min(times, default=(0.0, ""))


def _needs(maker: EntryBody, sha256: str) -> frozenset[str]:
    """What an output was made of: what its claims inherit from and what its regions play."""
    claims = maker.authorship[sha256]
    inherited = {source for claim in claims.claims for source in claim.from_assets}
    return frozenset(inherited | {region.asset for region in claims.regions}) - {sha256}
