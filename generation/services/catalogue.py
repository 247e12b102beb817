"""The tool catalogue: dated terms that gate releases, and what the workers said they can run."""

from __future__ import annotations

import datetime as dt
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.db.models import Prefetch, QuerySet

from generation import events
from generation.errors import BadValue, NotPossible
from generation.models import EngineOffer, Tool, ToolTerms
from generation.services.common import ref, text, texts
from provenance.ledger import Actor, HasActor, record

SEED = Path(__file__).resolve().parent.parent / "catalogue.toml"
STREAM = "catalogue:tools"
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,48}[a-z0-9]")
_FACTS = (
    "plan", "licence", "commercial", "store_release", "attribution", "output_owner", "training_licence", "marks",
    "blocked_by", "trained_model", "source", "source_date", "certainty",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TermsValues:
    """One dated reading of a tool's terms. `commercial` and `store_release`: yes, no, unknown."""

    licence: str
    commercial: str
    store_release: str
    source: str
    source_date: dt.date
    certainty: str
    plan: str = ""
    attribution: str = ""
    output_owner: str = ""
    training_licence: str = "unknown"
    marks: str = ""
    blocked_by: tuple[str, ...] = ()
    trained_model: bool = True


def seed_catalogue(*, actor: HasActor | None = None) -> int:
    """Bring the shipped rows in; returns how many terms were added. A newer row of the rights team stays in force."""
    who = actor or Actor.system("seed")
    added = 0
    for row in tomllib.loads(SEED.read_text(encoding="utf-8"))["tool"]:
        facts: dict[str, Any] = {name: row[name] for name in _FACTS if name in row}
        values = TermsValues(**facts | {"blocked_by": tuple(row.get("blocked_by", ()))})
        with transaction.atomic():
            tool = Tool.objects.filter(key=row["key"]).first()
            if tool is None:
                tool = add_tool(
                    key=row["key"], provider=row["provider"], name=row["name"],
                    is_fictional=row.get("fictional", False), actor=who,
                )  # fmt: skip
            known = list(tool.terms.all())
            if any(_same(terms, values) or terms.source_date > values.source_date for terms in known):
                continue
            record_terms(tool, values=values, actor=who)
            added += 1
    return added


def add_tool(*, key: str, provider: str, name: str, is_fictional: bool = False, actor: HasActor) -> Tool:
    key = text(key, field="key", what="key", most=50, required=True)
    if not _KEY.fullmatch(key):
        raise BadValue("A key is 2 to 50 small letters, digits and hyphens.", field="key")
    name = text(name, field="name", what="name", most=80, required=True)
    provider = text(provider, field="provider", what="provider", most=80, required=True)
    with transaction.atomic():
        if Tool.objects.filter(key=key).exists():
            raise BadValue(f"The catalogue has a tool {key} already; record new terms for it.", field="key")
        tool = Tool(key=key, provider=provider, name=name, is_fictional=is_fictional)
        tool.entry = record(
            events.ToolAdded(
                stream=STREAM, subjects=(ref("tool", tool),), key=key, name=name, provider=provider,
                is_fictional=is_fictional,
            ),
            actor=actor,
        )  # fmt: skip
        tool.save(force_insert=True)
    return tool


def record_terms(tool: Tool, *, values: TermsValues, actor: HasActor) -> ToolTerms:
    """A new version of a tool's terms. Earlier versions stay, and stay bound to what was made under them."""
    for field, allowed in (
        ("commercial", ToolTerms.Answer.values),
        ("store_release", ToolTerms.Answer.values),
        ("certainty", ToolTerms.Certainty.values),
        ("training_licence", ["licensed", "unlicensed", "unknown", "none"]),
    ):
        if getattr(values, field) not in allowed:
            raise BadValue(f"Choose one of: {', '.join(allowed)}.", field=field)
    if not isinstance(values.source_date, dt.date):
        raise BadValue("Say when the source was read.", field="source_date")
    facts: dict[str, Any] = {
        "plan": text(values.plan, field="plan", what="plan", most=60),
        "licence": text(values.licence, field="licence", what="licence", most=120, required=True),
        "commercial": values.commercial,
        "store_release": values.store_release,
        "attribution": text(values.attribution, field="attribution", what="attribution", most=200),
        "output_owner": text(values.output_owner, field="output_owner", what="owner of the output", most=80),
        "training_licence": values.training_licence,
        "marks": text(values.marks, field="marks", what="marks", most=80),
        "blocked_by": texts(values.blocked_by, field="blocked_by", what="receivers"),
        "trained_model": bool(values.trained_model),
        "source": text(values.source, field="source", what="source", most=200, required=True),
        "certainty": values.certainty,
    }
    with transaction.atomic():
        tool = Tool.objects.select_for_update().get(pk=tool.pk)
        terms = ToolTerms(tool=tool, version=_next_version(tool), source_date=values.source_date, **facts)
        terms.blocked_by = list(facts["blocked_by"])
        terms.entry = record(
            events.ToolTermsRecorded(
                stream=STREAM,
                subjects=(ref("tool", tool), ref("terms", terms)),
                tool=tool.key,
                terms_version=terms.version,
                model="",
                model_version="",
                terms_url="",
                terms_snapshot="",
                revenue_cap_usd=None,
                downloads=terms.downloads,
                retroactive=terms.retroactive,
                input_licence="",
                voice_rule="",
                notes="",
                source_date=values.source_date.isoformat(),
                **facts,
            ),
            actor=actor,
        )
        terms.save(force_insert=True)
    return terms


def _next_version(tool: Tool) -> int:
    newest = tool.terms.order_by("-version").first()
    return newest.version + 1 if newest else 1


def terms_in_force(tool_key: str) -> ToolTerms:
    """The newest terms of a tool. Raises `NotPossible` when the catalogue has none."""
    terms = ToolTerms.objects.select_related("tool").filter(tool__key=tool_key).order_by("-version").first()
    if terms is None:
        raise NotPossible(
            f"The tool catalogue has no terms for {tool_key}. Ask the rights team to record them first."
        )
    return terms


def tools_with_terms() -> QuerySet[Tool]:
    """All tools, each with its terms, the newest first."""
    return Tool.objects.prefetch_related(Prefetch("terms", ToolTerms.objects.order_by("-version")))


def external_terms() -> list[ToolTerms]:
    """The terms in force of every tool whose output may be brought in from elsewhere."""
    newest = (next(iter(tool.terms.all()), None) for tool in tools_with_terms())
    return [terms for terms in newest if terms is not None and terms.trained_model]


def save_offers(offers: Iterable[Mapping[str, Any]]) -> None:
    """Keep what a worker's engines said of themselves. An engine that it no longer knows is not offered."""
    seen = []
    for offer in offers:
        EngineOffer.objects.update_or_create(
            name=offer["name"],
            defaults={
                "title": offer["title"],
                "version": offer["version"],
                "tool_key": offer["tool"],
                "available": offer["available"],
                "unavailable_reason": offer["unavailable_reason"],
                "capabilities": dict(offer),
            },
        )
        seen.append(offer["name"])
    EngineOffer.objects.exclude(name__in=seen).update(
        available=False, unavailable_reason="No worker of this installation knows this engine any more."
    )


def refresh_offers() -> None:
    """Ask the engines in this very process: for commands. Pages never call it; workers do by themselves."""
    # By name, because importing the engines from here would bring them into the web process.
    call_command("engines_refresh", stdout=io.StringIO())


def _same(terms: ToolTerms, values: TermsValues) -> bool:
    return all(
        list(getattr(terms, name)) == list(getattr(values, name))
        if name == "blocked_by"
        else getattr(terms, name) == getattr(values, name)
        for name in _FACTS
    )
