"""Agreements: terms, state, signatures, options. Staff write them; the artist reads and signs what was offered."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from artists import access_anr
from artists.access import acts_for, artist_for
from artists.agreement_dates import days_of, due_for, in_words, next_of
from artists.errors import ArtistsUserFault
from artists.models import Agreement, Artist, Role, User
from artists.services import agreements
from artists.services.advances import MAY_BE_PAID
from artists.services.people import people_behind
from artists.services.sealed import opened, words_of
from artists.share_roles import SHARE_CHOICES, SHARE_ROLES
from artists.views.people import user_of
from provenance.assets import serve
from provenance.errors import UserFault

PAGE = 100
SHARE_ROWS = 6
OPTION_ROWS = 3
#: Fields of the form that are plain text.
_TEXTS = ("title", "kind", "advance", "money", "conditions")
_DAYS = ("starts", "ends", "answer_due", "advance_due")
#: So far ahead the board shows what is due.
AHEAD_DAYS = 120


@require_safe
def agreements_page(request: HttpRequest) -> HttpResponse:
    rows = access_anr.visible_agreements(user_of(request)).order_by("-created_at", "pk")
    page = Paginator(rows.prefetch_related("option_rows"), PAGE).get_page(request.GET.get("page"))
    return render(request, "artists/agreements.html", {"rows": _listed(list(page.object_list)), "page": page})


@require_safe
def agreements_summary(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The agreements of an artist for somebody else's page: a fragment."""
    user = user_of(request)
    artist = artist_for(user, pk)
    rows = access_anr.visible_agreements(user).filter(artist=artist).prefetch_related("option_rows")[:5]
    context = {
        "artist": artist,
        "rows": _listed(list(rows)),
        "may_write": access_anr.may_write_agreements(user),
    }
    return render(request, "artists/agreements_summary.html", context)


@require_safe
def agreement_dates(request: HttpRequest) -> HttpResponse:
    """What agreements bring in the next months, for the board: a fragment, empty where nothing is due."""
    user = user_of(request)
    until = timezone.now().date() + dt.timedelta(days=AHEAD_DAYS)
    dues = in_words(due_for(user, until=until), own=not user.is_label_staff)
    return render(request, "artists/agreement_dates.html", {"dues": dues})


@require_http_methods(["GET", "POST"])
def agreement_new_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Terms for an artist; from a submission, `?submission=` links it; `?amends=` begins with the terms of another."""
    user = user_of(request)
    artist = artist_for(user, pk)
    access_anr.require_agreement_writer(user)
    wanted, amended = (
        request.POST.get(name) or request.GET.get(name, "") for name in ("submission", "amends")
    )
    submission = access_anr.submission_for(user, wanted) if wanted else None
    before = access_anr.agreement_for(user, amended, write=True) if amended else None
    return _terms(request, artist, None, {"submission": submission, "amends": before})


@require_http_methods(["GET", "POST"])
def agreement_edit_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    row = access_anr.agreement_for(user_of(request), pk, write=True)
    return _terms(request, row.artist, row, {"submission": None, "amends": row.amends})


def _terms(request: HttpRequest, artist: Artist, row: Agreement | None, more: dict[str, Any]) -> HttpResponse:
    fault_text, status = "", 200
    said = _posted(request) if request.method == "POST" else _standing(row or more["amends"])
    if request.method == "POST":
        document = request.FILES.get("document")
        try:
            saved = agreements.draft_agreement(
                artist,
                agreement=row,
                title=said["title"],
                kind=said["kind"],
                advance=said["advance"],
                money=said["money"],
                conditions=said["conditions"],
                starts=_day(said["starts"]),
                ends=_day(said["ends"]),
                answer_due=_day(said["answer_due"]),
                advance_due=_day(said["advance_due"]),
                territories=said["territories"].replace(",", " ").split(),
                shares=[_share(one) for one in said["shares"] if one["person"]],
                options=[_option(one) for one in said["options"] if one["by"] or one["words"]],
                document=cast(BinaryIO, document.file) if document else None,
                submission=more["submission"],
                amends=more["amends"] if row is None else None,
                actor=user_of(request),
            )
        except UserFault as fault:
            fault_text, status = fault.message, 422
        else:
            messages.success(request, "The terms are kept.")
            return redirect("artists:agreement", pk=saved.pk)
    blank_share, blank_option = (
        {"person": "", "role": "composer", "share": ""},
        {"by": "", "words": "", "notice": ""},
    )
    said["shares"] += [blank_share] * max(2, SHARE_ROWS - len(said["shares"]))
    said["options"] += [blank_option] * max(1, OPTION_ROWS - len(said["options"]))
    context = {
        "artist": artist,
        "row": row,
        "said": said,
        "fault": fault_text,
        "kinds": Agreement.Kind.choices,
        "people": [(str(person.pk), person.credit_name) for person in people_behind(artist)],
        "roles": SHARE_CHOICES,
        **more,
    }
    return render(request, "artists/agreement_form.html", context, status=status)


@require_safe
def agreement_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    row = access_anr.agreement_for(user, pk)
    words = words_of(row.terms_entry_id)
    context = {
        "row": row,
        "words": words,
        "shares": _shares_in_words(row),
        "options": _options_in_words(row),
        "amended_by": list(access_anr.visible_agreements(user).filter(amends=row)),
        "may_amend": access_anr.may_write_agreements(user) and row.status == "signed",
        "reads_money": access_anr.reads_money(user),
        "owes_advance": row.status in MAY_BE_PAID and bool(row.advance_due or words.get("advance")),
        "advance_late": any(due.what == "advance" and due.late for due in days_of(row, ())),
        "may_write": access_anr.may_write_agreements(user),
        "may_edit": access_anr.may_write_agreements(user)
        and row.status in ("draft", "offered")
        and not (row.signed_by_artist or row.signed_by_label),
        "sides": _sides(user, row),
        "moves": [
            (key, Agreement.Status(key).label) for key in Agreement.NEXT[row.status] if key != "signed"
        ],
    }
    return render(request, "artists/agreement.html", context)


@require_POST
def agreement_move(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    row = access_anr.agreement_for(user, pk, write=True)
    try:
        agreements.move_agreement(
            row, status=request.POST.get("status", ""), reason=request.POST.get("reason", ""), actor=user
        )
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("artists:agreement", pk=pk)


@require_POST
def agreement_sign(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Here, by one's own account, then by one's key where there is one; staff may note what was signed on paper."""
    user = user_of(request)
    side = "label" if request.POST.get("side") == "label" else "artist"
    row = access_anr.agreement_to_sign(user, pk, side=side)
    own = side == "label" or acts_for(user, row.artist)
    version = request.POST.get("terms_version", "")
    try:
        row = agreements.sign_agreement(
            row,
            side=side,
            name=request.POST.get("name", ""),
            how="here" if own else "paper",
            terms_version=int(version) if version.isascii() and version.isdigit() else None,
            actor=user,
        )
    except UserFault as fault:
        messages.error(request, fault.message)
        return redirect("artists:agreement", pk=pk)
    page = reverse("artists:agreement", args=[pk])
    if own and agreements.has_key(user):
        messages.success(request, "Signed. Now put your key under it.")
        return redirect(f"{reverse('artists:sign', args=['session', row.stream])}?next={page}")
    messages.success(request, "Signed.")
    return redirect(page)


@require_POST
def agreement_option(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take an option, or let it go."""
    user = user_of(request)
    option = access_anr.agreement_option_for(user, pk, write=True)
    try:
        agreements.answer_option(
            option, outcome=request.POST.get("outcome", ""), reason=request.POST.get("reason", ""), actor=user
        )
    except UserFault as fault:
        messages.error(request, fault.message)
    return redirect("artists:agreement", pk=option.agreement_id)


@require_safe
def agreement_document(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    row = access_anr.agreement_for(user_of(request), pk, money=True)
    if row.document is None:
        raise Http404("There is no document.")
    return serve(request, row.document, filename="agreement.pdf", as_attachment=True)


# -- in words --------------------------------------------------------------------------------------------------------
def _listed(rows: list[Agreement]) -> list[dict[str, Any]]:
    names = opened(row.terms_entry_id for row in rows)
    return [
        {
            "row": row,
            "title": names[row.terms_entry_id].get("title", "(erased)"),
            "due": next_of(row, row.option_rows.all()),
        }
        for row in rows
    ]


def _shares_in_words(row: Agreement) -> list[tuple[str, str, float]]:
    people = {str(one.pk): one.credit_name for one in people_behind(row.artist)}
    return [
        (
            people.get(one["person"], "somebody"),
            SHARE_ROLES[one["role"]].title if one["role"] in SHARE_ROLES else one["role"],
            one["share_bp"] / 100,
        )
        for one in row.shares
    ]


def _options_in_words(row: Agreement) -> list[dict[str, Any]]:
    rows = agreements.options_of(row)
    said = opened(option.words_entry_id for option in rows)
    return [
        {"option": option, "words": said[option.words_entry_id].get("words", "(erased)")} for option in rows
    ]


def _sides(user: User, row: Agreement) -> list[dict[str, Any]]:
    by_key = agreements.signed_by_key(row)
    acts = acts_for(user, row.artist)
    return [
        {
            "side": side,
            "title": title,
            "at": getattr(row, f"signed_by_{side}"),
            "by_key": side in by_key,
            "may_sign": row.status == "offered" and may,
            "own": own,
            "to_sign_by_key": getattr(row, f"signed_by_{side}") is not None
            and side not in by_key
            and (entry := getattr(row, f"{side}_signature")) is not None
            and entry.actor_id == str(user.pk),
        }
        for side, title, may, own in (
            ("artist", "The artist", acts or access_anr.may_write_agreements(user), acts),
            ("label", "The label", user.has_role(Role.OWNER), True),
        )
    ]


# -- the form --------------------------------------------------------------------------------------------------------
def _standing(row: Agreement | None) -> dict[str, Any]:
    words = words_of(row.terms_entry_id) if row else {}
    said: dict[str, Any] = {name: words.get(name, "") for name in _TEXTS}
    said["kind"] = row.kind if row else Agreement.Kind.RECORDING
    said |= {name: _iso(getattr(row, name)) if row else "" for name in _DAYS}
    said["territories"] = " ".join(row.territories) if row else "World"
    said["shares"] = [
        {"person": one["person"], "role": one["role"], "share": f"{one['share_bp'] / 100:g}"}
        for one in (row.shares if row else ())
    ]
    said["options"] = [
        {"by": _iso(one["option"].by), "words": one["words"], "notice": one["option"].notice_days or ""}
        for one in (_options_in_words(row) if row else ())
    ]
    return said


def _posted(request: HttpRequest) -> dict[str, Any]:
    def many(*names: str) -> list[dict[str, str]]:
        columns = [
            [value.replace("\x00", "") for value in request.POST.getlist(name)[:200]] for name in names
        ]
        keys = [name.rpartition("-")[2] for name in names]
        return [
            dict(zip(keys, values, strict=True)) for values in itertools.zip_longest(*columns, fillvalue="")
        ]

    said: dict[str, Any] = {
        name: request.POST.get(name, "").replace("\x00", "") for name in (*_TEXTS, *_DAYS, "territories")
    }
    said["shares"] = [one for one in many("share-person", "share-role", "share-share") if one["person"]]
    said["options"] = [
        one for one in many("option-by", "option-words", "option-notice") if one["by"] or one["words"]
    ]
    return said


def _share(one: dict[str, str]) -> dict[str, Any]:
    try:
        share = Decimal(one["share"].replace(",", ".").strip())
        exact = share.is_finite() and abs(share) <= 1000 and share == share.quantize(Decimal("0.01"))
    except InvalidOperation:
        exact = False
    if not exact:
        raise ArtistsUserFault("Write shares in percent, with two decimals at most: 50 or 33.34.")
    return {"person": one["person"], "role": one["role"], "share_bp": int(share * 100)}


def _option(one: dict[str, str]) -> agreements.OptionTerms:
    by, notice = _day(one["by"]), one["notice"].strip()
    if by is None:
        raise ArtistsUserFault("Write until when each option may be taken.")
    if notice and not (notice.isascii() and notice.isdigit() and len(notice) < 5):
        raise ArtistsUserFault("Write the notice of an option in days: 30.")
    return agreements.OptionTerms(by, one["words"], int(notice or 0))


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise ArtistsUserFault("Write days as 2026-12-31.") from None


def _iso(day: dt.date | None) -> str:
    return day.isoformat() if day else ""
