"""Erasing a person's private content: what goes, what stays and why, then the deed."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from artists import access, access_anr
from artists.services import clearing
from artists.views import user_of
from provenance.errors import UserFault
from release.erasing import BEYOND
from release.services import erasure

PAGE = 100


@require_GET
def erasures_page(request: HttpRequest) -> HttpResponse:
    """Whose content can be erased: accounts, and senders without one, who asked or are looked for by their address."""
    accounts = [
        account for account in access.erasable_accounts(user_of(request)) if not erasure.is_erased(account)
    ]
    address = request.GET.get("address", "").strip()
    asked = access_anr.inbox(user_of(request), view="erase")
    page = Paginator(asked, PAGE).get_page(request.GET.get("page"))
    context = {
        "accounts": accounts,
        "asked": page.object_list,
        "page": page,
        "address": address,
        "sent": clearing.sent_from(address) if address else [],
    }
    return render(request, "label/erasures.html", context)


@require_http_methods(["GET", "POST"])
def erasure_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Look first; done only when the person's address is typed, because nothing brings it back."""
    user = user_of(request)
    account = access.account_to_erase(user, pk)
    chosen = request.POST.getlist("person") or request.GET.getlist("person")
    shown = erasure.preview_erasure(account)
    people = [person for person in shown.contributors if str(person.pk) in chosen]
    error = ""
    if request.method == "POST":
        if request.POST.get("address", "").strip().lower() != account.email.lower():
            error = "Type the address as it stands above: what is erased cannot be brought back."
        else:
            try:
                done = erasure.erase_person(account, people=people, actor=user)
            except UserFault as fault:
                error = fault.message
            else:
                messages.success(
                    request,
                    f"{done.values} private values of {done.entries} entries are erased, and their copies.",
                )
                if account.pk == user.pk:
                    return redirect("artists:login")
                return redirect("label:erasures")
    context = {
        "account": account,
        "shown": erasure.preview_erasure(account, people=people) if people else shown,
        "chosen": chosen,
        "beyond": BEYOND,
        "error": error or shown.refusal,
    }
    return render(request, "label/erasure.html", context, status=422 if error else 200)
