"""Signing: what of one's own waits, what would be signed in words, and the signature itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from artists import access, services
from artists.errors import ArtistsUserFault, NothingToSign
from artists.models import PersonKey, SigningRequest, User
from artists.views.keys import REFUSED, fault_json, file_name, json_of
from artists.views.people import user_of
from artists.webauthn_site import site
from provenance.errors import UserFault
from provenance.signatures import unsigned_streams
from provenance.signing import NAMESPACE
from provenance.signing.assertion import base64url

#: Where a stream's page is. Pages of other apps are reached by name.
_PAGES = {
    "project": "generation:project",
    "release": "release:release",
    "recording": "release:recording",
    "artist": "artists:artist",
}


@require_GET
def signing_page(request: HttpRequest) -> HttpResponse:
    """Everything of one's own that waits for a signature, by what it is about."""
    user = user_of(request)
    waiting = [
        {
            "row": row,
            "url": reverse("artists:sign", args=["session", row.stream]),
            "page": page_of(row.stream),
        }
        for row in unsigned_streams(str(user.pk), limit=100)
    ]
    return render(request, "artists/signing.html", {"waiting": waiting, "signed": _signed(user)})


def _signed(user: User) -> Any:
    return access.signatures_of(user)[:20]


def page_of(stream: str) -> str:
    """The page of what a stream is about; the signing page where there is none."""
    family, _, pk = stream.partition(":")
    try:
        return reverse(_PAGES[family], args=[pk])
    except (KeyError, NoReverseMatch):
        return reverse("artists:signing")


@require_http_methods(["GET", "POST"])
def sign_page(request: HttpRequest, purpose: str, stream: str) -> HttpResponse:
    """What is signed, in words; by passkey (JSON) or with the signature of an ssh key (a form)."""
    user = user_of(request)
    back = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = page_of(stream)
    if request.method == "POST" and request.content_type == "application/json":
        try:
            _sign_by_passkey(user, json_of(request))
        except UserFault as fault:
            return fault_json(fault)
        messages.success(request, "Signed.")
        return JsonResponse({"redirect": back}, status=201)
    error = ""
    if request.method == "POST":
        try:
            signature = request.POST.get("signature", "")
            services.sign(
                user,
                nonce=request.POST.get("nonce", ""),
                fingerprint=services.key_of_signature(signature),
                proof={"signature": signature.replace("\r\n", "\n").strip() + "\n"},
            )
        except UserFault as fault:
            error = fault.message
        else:
            messages.success(request, "Signed.")
            return redirect(back)
    try:
        asked = services.signing_request(user, stream, purpose)
    except NothingToSign:
        return render(request, "artists/sign_nothing.html", {"back": back, "error": error})
    except ArtistsUserFault as fault:
        return render(
            request, "artists/sign_nothing.html", {"back": back, "error": fault.message}, status=404
        )
    context = _shown(request, user, asked) | {"back": back, "error": error}
    return render(request, "artists/sign.html", context, status=REFUSED if error else 200)


def _shown(request: HttpRequest, user: User, asked: SigningRequest) -> dict[str, Any]:
    keys = [key for key in access.own_keys(user) if key.state == PersonKey.State.CONFIRMED]
    passkeys = [key for key in keys if key.method == PersonKey.Method.WEBAUTHN]
    head, *days, foot = asked.words.split("\n\n")
    here = site()
    elsewhere = f"{request.scheme}://{request.get_host()}" != here.origin
    return {
        "asked": asked,
        "head": head,
        "days": [
            (day.split("\n")[0], [line.removeprefix("- ") for line in day.split("\n")[1:]]) for day in days
        ],
        "foot": foot.split("\n"),
        "keys": keys,
        "passkeys": passkeys,
        "ssh_keys": [key for key in keys if key.method == PersonKey.Method.SSH],
        "site": here,
        "elsewhere": here.origin + request.get_full_path() if elsewhere else "",
        "file": file_name(asked.nonce),
        "namespace": NAMESPACE,
        "passkey_data": {
            "nonce": asked.nonce,
            "challenge": base64url(services.webauthn_challenge(asked)),
            "rp_id": here.rp_id,
            "keys": [{"id": key.credential_id, "fingerprint": key.fingerprint} for key in passkeys],
        },
    }


def _sign_by_passkey(user: User, sent: dict[str, Any]) -> None:
    proof = sent.get("proof")
    if not isinstance(proof, dict):
        raise UserFault("Send the proof.", code="bad_request")
    services.sign(
        user, nonce=str(sent.get("nonce", "")), fingerprint=str(sent.get("fingerprint", "")), proof=proof
    )


@require_safe
def payload_file(request: HttpRequest, nonce: str) -> HttpResponse:
    """The exact bytes to sign, as a file."""
    asked = access.signing_request_for(user_of(request), nonce)
    response = HttpResponse(bytes(asked.payload), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{file_name(asked.nonce)}"'
    return response
