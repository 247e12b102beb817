"""The ledger's list: what happened, in words, narrowed to what the reader asks for."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from artists.models import User
from artists.views import user_of
from label import filters, kinds
from label.filters import BASES, WHEN, Filter
from label.lines import by_day, lines
from label.seals import strip
from label.streams import readable
from label.things import named
from provenance import finding, queries, search

#: What the form sends by name; an address keeps ids.
NAMES = ("who", "thing")


@require_safe
def ledger_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    asked = Filter.read(request.GET)
    choices: list[tuple[str, str]] = []
    said = {name: request.GET.get(name, "").replace("\x00", "").strip()[:120] for name in NAMES}
    if any(name in request.GET for name in NAMES):
        asked, choices, unknown = _resolved(user, asked, said)
        if not choices and not unknown:
            query = asked.address()
            return redirect(f"{reverse('label:ledger')}{'?' if query else ''}{query}")
    else:
        unknown = ""
        said["who"] = filters.person_name(user, asked.person) if asked.person else ""
        thing = filters.thing_of(user, asked.about) if asked.about else None
        said["thing"] = filters.suggestion(thing) if thing else ""
    page = finding.LedgerPage((), None)
    if not choices and not unknown:
        page = finding.page(asked.wanted(user), before=number(request.GET.get("before", "")))
    context = {
        "days": by_day(lines(page.entries, reader=user)),
        "older": asked.address(before=page.older or ""),
        "more": page.older is not None,
        "later": "before" in request.GET,
        "head": queries.latest_checkpoint(),
        "asked": asked,
        "said": said,
        "chips": filters.chips(asked, user),
        "choices": choices,
        "unknown": unknown,
        "behind": search.behind() if asked.words else 0,
        "groups": kinds.groups(),
        "when": WHEN,
        "bases": BASES,
        "bundle": asked.address(),
    }
    return render(request, "label/ledger.html", context)


def _resolved(user: User, asked: Filter, said: dict[str, str]) -> tuple[Filter, list[tuple[str, str]], str]:
    """The names of the form as ids. Else the choices (words, address) where a name fits several, or what is unknown."""
    values = asked.parameters
    if not said["who"]:
        values.pop("person", None)
    elif not (asked.person and filters.person_name(user, asked.person) == said["who"]):
        people = filters.people_meant(user, said["who"])
        if len(people) != 1:
            rest = {**values, "thing": said["thing"], "who": ""}
            return (
                asked,
                [(name, urlencode({**rest, "person": key, "who": name})) for key, name in people],
                said["who"],
            )
        values["person"] = people[0][0]
    known = filters.thing_of(user, asked.about) if asked.about else None
    if not said["thing"]:
        values.pop("about", None)
    elif known is None or filters.suggestion(known) != said["thing"]:
        things = filters.things_meant(user, said["thing"])
        if len(things) != 1:
            found = [(filters.suggestion(one), urlencode({**values, "about": one.ref})) for one in things]
            return asked, found, said["thing"]
        values["about"] = things[0].ref
    return Filter.read(values), [], ""


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """Names that begin to fit, as options for the form's fields: only of what the reader may open."""
    user = user_of(request)
    if "who" in request.GET:
        names = [name for _, name in filters.people_named(user, request.GET["who"].replace("\x00", ""))]
    else:
        thing = request.GET.get("thing", "").replace("\x00", "")
        names = [filters.suggestion(one) for one in named(user, thing)]
    return render(request, "label/suggestions.html", {"names": list(dict.fromkeys(names))})


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The newest entries about one thing, as a fragment that other apps' pages include by address."""
    user = user_of(request)
    allowed = readable(user)
    wanted = finding.Wanted(
        refs=(request.GET.get("about", "")[:80],), streams=allowed.only, families=allowed.families
    )
    page = finding.page(wanted, size=8)
    return render(request, "label/feed.html", {"lines": lines(page.entries, reader=user)})


@require_safe
def seal(request: HttpRequest) -> HttpResponse:
    """What stands behind the entries about one thing: a fragment, like the feed."""
    about = Filter(about=request.GET.get("about", "").replace("\x00", "")[:80])
    found = about.entries(user_of(request)) if about else finding.entries(finding.Wanted(streams=frozenset()))
    return render(request, "partials/seal.html", {"seals": strip(found)})


def number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
