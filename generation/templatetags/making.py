"""Words and menus of the pages on which something is made: `{% load making %}`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from generation import asking
from generation.models import Master, Project, Render, Take, TakeStem, ToolTerms, Upload
from generation.modes import MODES, Mode
from generation.run_form import clock
from generation.services.allowances import allowance_of

register = template.Library()

SELLING = {
    "may": "may be sold", "with_credit": "may be sold, with a credit", "asks": "a question is open",
    "may_not": "for sketching only",
}  # fmt: skip
VERBS = {
    "section_replacement": "Replace it",
    "continuation": "Extend it",
    "stem_separation": "Take it apart",
    "audio_to_notes": "Write it down",
    "harmonisation": "Harmonise",
    "accompaniment": "Accompany",
    "notes_to_audio": "Play",
    "humanise": "Loosen",
    "variation": "Vary",
}


@register.filter
def selling(terms: ToolTerms) -> str:
    """Whether what is made under these terms may be sold, as `services.allowances.Verdict`."""
    return allowance_of(terms).verdict.value


@register.filter
def selling_words(terms: ToolTerms) -> str:
    return SELLING[selling(terms)]


@register.filter
def verb(mode: Mode) -> str:
    """What the button of a mode says."""
    return VERBS.get(mode.key, "Generate")


@register.filter
def mode_title(key: str) -> str:
    """A mode in a producer's words; a key that is no mode any more stands for itself."""
    return MODES[key].title if key in MODES else key.replace("_", " ")


@register.filter
def commands(words: str) -> SafeString:
    """A sentence in which what stands between backticks is a command."""
    parts = words.split("`")
    marked = ("<code>{}</code>" if place % 2 else "{}" for place in range(len(parts)))
    return format_html_join(
        "", "{}", ((format_html(mark, part),) for mark, part in zip(marked, parts, strict=True))
    )


@register.filter
def moment(milliseconds: int) -> str:
    return clock(milliseconds)


@register.filter
def knob(name: str) -> str:
    """A parameter's name as words: `crossfade_ms` is "Crossfade, ms"."""
    for unit in ("_ms", "_s", "_db", "_hz"):
        if name.endswith(unit):
            return f"{name.removesuffix(unit).replace('_', ' ').capitalize()}, {unit[1:]}"
    return name.replace("_", " ").capitalize()


@register.filter
def knob_value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


@register.filter
def new_stretch(take: Take) -> str:
    """`from,to` in milliseconds: what of the take is new where parts of it are an input, untouched; else empty."""
    whole, at, gaps = take.asset.duration_ms or 0, 0, []
    for kept in sorted(take.kept, key=lambda one: one["at_ms"]):
        if kept["at_ms"] - at > 1:
            gaps.append((at, kept["at_ms"]))
        at = max(at, kept["at_ms"] + kept["to_ms"] - kept["from_ms"])
    if take.kept and whole - at > 1:
        gaps.append((at, whole))
    return f"{gaps[0][0]},{gaps[0][1]}" if gaps else ""


@register.inclusion_tag("generation/use_menu.html")
def use_menu(project: Project, thing: Take | TakeStem | Upload | Render | Master) -> dict[str, Any]:
    """What can be made of a thing, as links into the form."""
    form = reverse("generation:run-new", args=[project.pk])
    kind, title, kinds = _facts(thing)
    links = [
        (use.words, f"{form}?{urlencode({'mode': use.mode, use.role: f'{kind}:{thing.pk}'})}", use.section)
        for use in asking.uses(kinds)
    ]
    if isinstance(thing, Take):
        links.append(("Again like this one", f"{form}?{urlencode({'again': thing.pk})}", False))
    return {"links": links, "title": title}


def _facts(thing: Take | TakeStem | Upload | Render | Master) -> tuple[str, str, tuple[str, ...]]:
    """The kind of reference, what people call it, and whether it is sound or notes."""
    match thing:
        case Take():
            return "take", f"take {thing.number}", ("audio", "notes") if thing.midi_id else ("audio",)
        case TakeStem():
            return "stem", thing.name, ("audio",)
        case Upload():
            return "upload", thing.name, ("notes",) if thing.midi_id else ("audio",)
        case Render():
            return "render", "the render", ("audio",)
        case Master():
            return "master", f"master {thing.number}", ("audio",)
