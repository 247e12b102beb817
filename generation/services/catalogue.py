"""The tool catalogue: dated terms that gate releases, and what the workers said they can run."""

from __future__ import annotations

import datetime as dt
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from django.core.management import call_command
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from artists.models import User
from generation import events
from generation.errors import BadValue, NotPossible
from generation.models import EngineOffer, TermsRuling, Tool, ToolTerms
from generation.services.allowances import answerable
from generation.services.common import ref, text, texts, whole
from generation.services.papers import take_paper
from provenance.ledger import Actor, HasActor, record

SEED = Path(__file__).resolve().parent.parent / "catalogue.toml"
STREAM = "catalogue:tools"
_ADDRESS = re.compile(r"https?://[^\s<>\"]{3,}")
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,48}[a-z0-9]")
_FACTS = (
    "model", "model_version", "plan", "licence", "terms_url", "output_owner", "commercial", "store_release",
    "revenue_cap_usd", "downloads", "retroactive", "attribution", "input_licence", "marks", "training_licence",
    "training_on_outputs", "voice_rule", "blocked_by", "trained_model", "notes", "source", "source_date", "certainty",
)  # fmt: skip
MOST_CAP_USD = 10**12


@dataclass(frozen=True, kw_only=True)
class TermsValues:
    """One dated reading of a tool's terms. Its questions are answered yes, no or unknown.

    `downloads`: outputs may leave the tool; `retroactive`: these terms say that they hold for what was made before.
    """

    licence: str
    commercial: str
    store_release: str
    source: str
    source_date: dt.date
    certainty: str
    model: str = ""
    model_version: str = ""
    plan: str = ""
    terms_url: str = ""
    output_owner: str = ""
    revenue_cap_usd: int | None = None
    downloads: str = "unknown"
    retroactive: str = "unknown"
    attribution: str = ""
    input_licence: str = ""
    marks: str = ""
    training_licence: str = "unknown"
    training_on_outputs: str = "unknown"
    voice_rule: str = ""
    blocked_by: tuple[str, ...] = ()
    trained_model: bool = True
    notes: str = ""


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
            known = list(tool.terms.select_related("entry").order_by("-version"))
            if known and known[0].entry.actor_type == "user" and not _same(known[0], values):
                continue  # the rights team corrected it
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


def record_terms(
    tool: Tool, *, values: TermsValues, snapshot: BinaryIO | None = None, actor: HasActor
) -> ToolTerms:
    """A new version of a tool's terms. Earlier versions stay, and stay bound to what was made under them.

    `snapshot`: the terms as they read that day, as PDF, picture or text. Raises `BadValue` by its field.
    """
    facts = _checked(values)
    paper = take_paper(snapshot, field="snapshot", what="snapshot of the terms")
    with transaction.atomic():
        tool = Tool.objects.select_for_update().get(pk=tool.pk)
        newest = tool.terms.order_by("-version").first()
        if newest is not None and paper is None and _same(newest, values):
            raise BadValue("This is exactly the version in force. Change what is different, or the date.")
        terms = ToolTerms(tool=tool, version=newest.version + 1 if newest else 1, **facts)
        terms.blocked_by = list(facts["blocked_by"])
        terms.entry = record(
            events.ToolTermsRecorded(
                stream=STREAM,
                subjects=(
                    ref("tool", tool),
                    ref("terms", terms),
                    *((f"asset:{paper.sha256}",) if paper else ()),
                ),
                tool=tool.key,
                terms_version=terms.version,
                terms_snapshot=paper.sha256 if paper else "",
                **facts | {"source_date": values.source_date.isoformat()},
            ),
            actor=actor,
        )
        terms.snapshot = paper.register(terms.entry) if paper else None
        terms.save(force_insert=True)
    return terms


def _checked(values: TermsValues) -> dict[str, Any]:
    """The facts of a version, each within its limits."""
    for field, allowed in (
        ("commercial", ToolTerms.Answer.values),
        ("store_release", ToolTerms.Answer.values),
        ("downloads", ToolTerms.Answer.values),
        ("retroactive", ToolTerms.Answer.values),
        ("training_on_outputs", ToolTerms.Answer.values),
        ("certainty", ToolTerms.Certainty.values),
        ("training_licence", ["licensed", "unlicensed", "unknown", "none"]),
    ):
        if getattr(values, field) not in allowed:
            raise BadValue(f"Choose one of: {', '.join(allowed)}.", field=field)
    if not isinstance(values.source_date, dt.date):
        raise BadValue("Say when the source was read.", field="source_date")
    if values.source_date > timezone.now().date() + dt.timedelta(days=1):
        raise BadValue("The source was read on a day that has not come yet.", field="source_date")
    address = text(values.terms_url, field="terms_url", what="address of the terms", most=300)
    if address and not _ADDRESS.fullmatch(address):
        raise BadValue("Write the address in full, beginning with https://.", field="terms_url")
    cap = values.revenue_cap_usd
    if cap is not None:
        cap = whole(cap, field="revenue_cap_usd", what="revenue cap", low=1, high=MOST_CAP_USD)

    def words(field: str, what: str, most: int, *, required: bool = False) -> str:
        return text(getattr(values, field), field=field, what=what, most=most, required=required)

    return {
        "model": words("model", "model", 80),
        "model_version": words("model_version", "version of the model", 40),
        "plan": words("plan", "plan", 60),
        "licence": words("licence", "licence", 120, required=True),
        "terms_url": address,
        "output_owner": words("output_owner", "owner of the output", 80),
        "commercial": values.commercial,
        "store_release": values.store_release,
        "revenue_cap_usd": cap,
        "downloads": values.downloads,
        "retroactive": values.retroactive,
        "attribution": words("attribution", "attribution", 200),
        "input_licence": words("input_licence", "licence on inputs", 200),
        "marks": words("marks", "marks", 80),
        "training_licence": values.training_licence,
        "training_on_outputs": values.training_on_outputs,
        "voice_rule": words("voice_rule", "rule on voices", 200),
        "blocked_by": texts(values.blocked_by, field="blocked_by", what="receivers"),
        "trained_model": bool(values.trained_model),
        "notes": words("notes", "notes", 400),
        "source": words("source", "source", 200, required=True),
        "source_date": values.source_date,
        "certainty": values.certainty,
    }


def answer_question(
    terms: ToolTerms, *, question: str, answer: str, source: str, reason: str, actor: User
) -> TermsRuling:
    """Answer what a version leaves open, for everything that was made under it. The version stays as it was read.

    Raises `BadValue` where the terms themselves say yes or no: then a new version is recorded instead.
    """
    if question not in answerable(terms):
        raise BadValue(
            "These terms leave no such question open. Record a new version where they read otherwise now.",
            field="question",
        )
    if answer not in ("yes", "no"):
        raise BadValue("Answer yes or no.", field="answer")
    source = text(source, field="source", what="source", most=200, required=True)
    reason = text(reason, field="reason", what="reason", most=2000, required=True)
    with transaction.atomic():
        ruling = TermsRuling(terms=terms, question=question, answer=answer, source=source, ruled_by=actor)
        ruling.entry = record(
            events.TermsQuestionAnswered(
                stream=STREAM,
                subjects=(ref("tool", terms.tool), ref("terms", terms)),
                tool=terms.tool.key,
                terms_version=terms.version,
                question=question,
                answer=answer,
                source=source,
                reason=reason,
            ),
            actor=actor,
        )
        ruling.save(force_insert=True)
    return ruling


@dataclass(frozen=True)
class Difference:
    """One field that reads otherwise in a later version."""

    field: str
    title: str
    before: str
    after: str


def differences(before: ToolTerms, after: ToolTerms) -> list[Difference]:
    """What changed from one version to the next, in the order of the form."""
    return [
        Difference(name, TITLES[name], _said(getattr(before, name)), _said(getattr(after, name)))
        for name in _FACTS
        if _plain(getattr(before, name)) != _plain(getattr(after, name))
    ]


#: The facts as people call them.
TITLES: Final[Mapping[str, str]] = {
    "model": "Model", "model_version": "Version", "plan": "Plan", "licence": "Licence", "terms_url": "Address",
    "output_owner": "Owner of the output", "commercial": "May be sold", "store_release": "May go to stores",
    "revenue_cap_usd": "Revenue cap, USD", "downloads": "May leave the tool", "retroactive": "Holds for the past",
    "attribution": "Credit that is owed", "input_licence": "Licence on inputs", "marks": "Marks it leaves",
    "training_licence": "Trained under licences", "training_on_outputs": "Outputs may train a model",
    "voice_rule": "Rule on voices", "blocked_by": "Refused by",
    "trained_model": "A trained model", "notes": "Notes", "source": "Source", "source_date": "Read on",
    "certainty": "Certainty",
}  # fmt: skip


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def _said(value: Any) -> str:
    match value:
        case None | "" | [] | ():
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(value)
        case dt.date():
            return f"{value:%-d %B %Y}"
        case _:
            return str(value)


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
    newest = ToolTerms.objects.select_related("tool", "snapshot").prefetch_related("rulings")
    return Tool.objects.prefetch_related(Prefetch("terms", newest.order_by("-version")))


#: From the least certain on.
_DOUBT: Final = ("unknown", "memory", "secondary", "confirmed")


def doubtful_first() -> list[tuple[Tool, ToolTerms | None]]:
    """Every tool with its terms in force: first what has none, then by certainty, then what was read longest ago."""
    rows = [(tool, next(iter(tool.terms.all()), None)) for tool in tools_with_terms()]
    return sorted(
        rows,
        key=lambda row: (
            (_DOUBT.index(row[1].certainty), row[1].source_date.toordinal(), row[0].name)
            if row[1] is not None
            else (-1, 0, row[0].name)
        ),
    )


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
    return all(_plain(getattr(terms, name)) == _plain(getattr(values, name)) for name in _FACTS)
