"""What of the vault leaves the house: the exporter chooses by kind and name; the rest stays a commitment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from provenance.events import registered, sealed_names
from provenance.models import Entry, VaultItem

Disclose = Callable[[Entry, str], bool]


def nothing(entry: Entry, name: str) -> bool:
    return False


def everything(entry: Entry, name: str) -> bool:
    return True


def chosen(names: Iterable[str]) -> Disclose:
    """By `kind/name` (`take.shortlisted/reason`), or by `kind` for all private values of that kind."""
    wanted = frozenset(names)
    return lambda entry, name: entry.kind in wanted or f"{entry.kind}/{name}" in wanted


@dataclass(frozen=True, slots=True)
class PrivateName:
    """One private value that entries of a kind hold: how many are still in the vault, and where."""

    kind: str
    name: str
    entries: tuple[int, ...]

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def count(self) -> int:
        return len(self.entries)

    @property
    def title(self) -> str:
        """In words: "legal name" for `legal_name`."""
        return self.name.replace("_", " ")

    @property
    def of(self) -> str:
        return self.kind.replace(".", " ").replace("_", " ")


def private_names(entries: Sequence[Entry]) -> tuple[PrivateName, ...]:
    """The private values of these entries that could be disclosed, by kind and name; erased ones are not there."""
    kinds = {entry.id: entry.kind for entry in entries}
    found: dict[tuple[str, str], list[int]] = {}
    items = VaultItem.objects.filter(entry__in=list(kinds)).order_by("entry_id")
    for entry_id, name in items.values_list("entry_id", "name"):
        found.setdefault((kinds[entry_id], name), []).append(entry_id)
    return tuple(PrivateName(kind, name, tuple(ids)) for (kind, name), ids in sorted(found.items()))


def known_keys() -> frozenset[str]:
    """Every `kind` and `kind/name` that this installation's events seal: what `chosen` may be asked for."""
    pairs = {f"{event.kind}/{name}" for event in registered() for name in sealed_names(event)}
    return frozenset(pairs | {event.kind for event in registered() if sealed_names(event)})


def shown_values(
    entries: Sequence[Entry], disclose: Disclose
) -> tuple[dict[int, dict[str, dict[str, str]]], int]:
    """Entry id -> name -> salt and content, and how many values stay closed (withheld or erased)."""
    by_id = {entry.id: entry for entry in entries}
    shown: dict[int, dict[str, dict[str, str]]] = {}
    for item in VaultItem.objects.filter(entry__in=list(by_id)).order_by("entry_id", "name"):
        if disclose(by_id[item.entry_id], item.name):
            value = {"salt": bytes(item.salt).hex(), "content": bytes(item.content).decode()}
            shown.setdefault(item.entry_id, {})[item.name] = value
    committed = sum(len(json.loads(bytes(entry.body))["private"]) for entry in entries)
    return shown, committed - sum(len(values) for values in shown.values())
