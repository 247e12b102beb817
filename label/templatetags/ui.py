"""Template tags of the page shell and its small components: `{% load ui %}`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.forms import BoundField
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from provenance.elements import role_label

register = template.Library()

BUILD_DIR = Path(__file__).resolve().parents[1] / "static" / "build"

#: What a page is read in before anything else: text and headings, in Latin script.
_FIRST_FACES = re.compile(r"/instrument-(sans-latin-wght|serif-latin-400)-normal-[^/]*\.woff2$")

ORIGINS = {
    "human": "human",
    "trained_model": "trained model",
    "procedural": "procedural",
    "mixed": "mixed",
    "third_party": "third party",
    "unknown": "unknown",
}

#: What a template hands over where nothing was measured: None, or the empty string of a missing key.
_UNKNOWN = (None, "")

SECTIONS = (
    ("today", "Today", "label:today", "/"),
    ("roster", "Roster", "artists:roster", "/roster/"),
    ("projects", "Projects", "generation:projects", "/projects/"),
    ("releases", "Releases", "release:releases", "/releases/"),
    ("ledger", "Ledger", "label:ledger", "/ledger/"),
)


class FrontEndNotBuilt(RuntimeError):
    """The page shell was asked for before `npm run build` had written its manifest."""


@dataclass(frozen=True, kw_only=True)
class RailItem:
    """One line of the rail: its key, words, address and the number beside it (0 shows none)."""

    key: str
    title: str
    url: str
    count: int


@lru_cache(maxsize=4)
def _manifest(path: Path, modified_ns: int) -> dict[str, Any]:
    """The parsed manifest; keyed by its time of change, so that a rebuild is seen without a restart."""
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def manifest() -> dict[str, Any]:
    """Vite's manifest. Raises FrontEndNotBuilt with the cure when it is not there."""
    path = BUILD_DIR / "manifest.json"
    try:
        return _manifest(path, path.stat().st_mtime_ns)
    except FileNotFoundError as missing:
        raise FrontEndNotBuilt(
            "The front end has not been built: run `python3 manage.py up`, "
            "or `npm ci && npm run build` in label/frontend."
        ) from missing


@register.simple_tag
def vite(entry: str) -> SafeString:
    """Stylesheets, the two faces that are seen first and the script of a Vite entry, by its manifest."""
    files = manifest()
    chunk = files.get(entry)
    if chunk is None:
        raise FrontEndNotBuilt(
            f"The front end was built without {entry}: run `npm run build` in label/frontend."
        )
    sheets = format_html_join(
        "\n",
        '<link rel="stylesheet" href="{}">',
        ((static(f"build/{name}"),) for name in chunk.get("css", ())),
    )
    fonts = format_html_join(
        "\n",
        '<link rel="preload" as="font" type="font/woff2" crossorigin href="{}">',
        ((static(f"build/{name}"),) for name in chunk.get("assets", ()) if _FIRST_FACES.search(name)),
    )
    script = static(f"build/{chunk['file']}")
    return format_html('{}\n{}\n<script type="module" src="{}"></script>', fonts, sheets, script)


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any]) -> SafeString:
    """`data-theme="dark"` when the visitor chose a theme; nothing when the system's setting decides."""
    request: HttpRequest | None = context.get("request")
    chosen = request.COOKIES.get("theme") if request else None
    return format_html(' data-theme="{}"', chosen) if chosen in ("light", "dark") else SafeString("")


@register.simple_tag(takes_context=True)
def rail_items(context: dict[str, Any]) -> list[RailItem]:
    """The five sections; counts come from an optional `rail_counts` dict in the context."""
    counts = context.get("rail_counts") or {}
    return [
        RailItem(key=key, title=title, url=_address(name, path), count=int(counts.get(key, 0)))
        for key, title, name, path in SECTIONS
    ]


def _address(name: str, path: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return path


@register.simple_tag
def origin(value: str) -> SafeString:
    """Swatch and word of an origin; an unheard-of value is shown as unknown, never as none."""
    key = str(value) if str(value) in ORIGINS else "unknown"
    return format_html('<span class="origin" data-origin="{}"><i class="sw"></i>{}</span>', key, ORIGINS[key])


@register.inclusion_tag("partials/legend.html")
def origin_legend() -> dict[str, Any]:
    """The legend of all six origins."""
    return {"origins": ORIGINS.items()}


@register.simple_tag
def digest(value: str) -> SafeString:
    """A SHA-256 shortened for reading; the whole of it is copied on click."""
    return format_html('<dw-digest value="{}">{}</dw-digest>', value, short_digest(value))


@register.filter
def short_digest(value: str) -> str:
    """`9f2c7a…e41`: first six and last three characters."""
    text = str(value)
    return f"{text[:6]}…{text[-3:]}" if len(text) > 12 else text


@register.filter
def role_words(role: str) -> str:
    """What a stem plays, as people say it: "lead vocal"."""
    return role_label(role).lower()


@register.filter
def clock(duration_ms: int | float | str | None) -> str:
    """Milliseconds as `2:08`, or `1:02:08` from an hour on; an unknown duration is a dash."""
    if duration_ms in _UNKNOWN:
        return "–"
    seconds = round(float(duration_ms) / 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


@register.filter
def signed(value: float | str | None, digits: int = 1) -> str:
    """A level with a true minus sign (`−13.4`); an unmeasured one is a dash."""
    if value in _UNKNOWN:
        return "–"
    return f"{float(value):.{int(digits)}f}".replace("-", "−")


@register.filter
def millibel(value: int | str | None) -> str:
    """Hundredths of a decibel as `−6.0 dB`."""
    return "–" if value in _UNKNOWN else f"{signed(int(value) / 100)} dB"


@register.filter
def left(seconds: float | str | None) -> str:
    """Remaining time as `1:10 left`; unknown is an empty string."""
    return "" if seconds in _UNKNOWN else f"{clock(float(seconds) * 1000)} left"


@register.filter
def percent_of(done: int | float | None, total: int | float | None) -> str:
    """`67 %` of a progress pair; an unknown total is an empty string."""
    return f"{round(100 * float(done or 0) / float(total))} %" if total else ""


@register.inclusion_tag("partials/field.html")
def field(bound: BoundField, hint: str = "", unit: str = "") -> dict[str, Any]:
    """Label, control, hint and errors of a form field, wired together for screen readers."""
    bound_id = bound.id_for_label or bound.auto_id
    described = [f"{bound_id}-hint"] if hint or bound.help_text else []
    described += [f"{bound_id}-error"] if bound.errors else []
    attrs: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    kind = getattr(bound.field.widget, "input_type", "")
    return {
        "field": bound,
        "id": bound_id,
        "control": bound.as_widget(attrs=attrs),
        "hint": hint or bound.help_text,
        "unit": unit,
        "single_check": kind == "checkbox" and not bound.use_fieldset,
        "group": bound.use_fieldset,
    }


@register.inclusion_tag("partials/error_summary.html")
def error_summary(form: Any) -> dict[str, Any]:
    """What is wrong with a form, each line linked to its field; empty without errors."""
    return {"form": form}
