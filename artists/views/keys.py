"""One's own keys for signing: enrol, confirm, revoke. Owners read codes out and revoke others' keys here."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from artists import access, services
from artists.forms import SshKeyForm
from artists.models import PersonKey, User
from artists.views.people import user_of
from artists.webauthn_site import site
from provenance.errors import UserFault
from provenance.signatures import unsigned_total
from provenance.signing import NAMESPACE

REFUSED = 422


@require_GET
def keys_page(request: HttpRequest) -> HttpResponse:
    return _keys(request, user_of(request))


def _keys(request: HttpRequest, user: User, **more: Any) -> HttpResponse:
    here = site()
    keys = list(access.own_keys(user))
    context = {
        "keys": [key for key in keys if key.state != PersonKey.State.REVOKED],
        "revoked": [key for key in keys if key.state == PersonKey.State.REVOKED],
        "others": access.keys_of_others(user),
        "site": here,
        "elsewhere": "" if _at(request, here.origin) else here.origin + reverse("artists:keys"),
        "waiting": unsigned_total(str(user.pk)),
        **more,
    }
    return render(request, "artists/keys.html", context, status=REFUSED if more.get("error") else 200)


def _at(request: HttpRequest, origin: str) -> bool:
    return f"{request.scheme}://{request.get_host()}" == origin


def json_of(request: HttpRequest) -> dict[str, Any]:
    """The object in a JSON request. Raises `UserFault`, also for texts that no database could keep."""
    try:
        found = json.loads(request.body)
        # Half of a surrogate pair is a UnicodeEncodeError.
        if b"\\u0000" in json.dumps(found, ensure_ascii=False).encode():
            found = None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UserFault("Send a JSON object.", code="bad_request")
    return found


def fault_json(fault: UserFault) -> JsonResponse:
    return JsonResponse({"error": {"code": fault.code, "message": fault.message}}, status=400)


@require_POST
def passkey_options(request: HttpRequest) -> JsonResponse:
    """What the browser needs to make a passkey, with a challenge that works once."""
    user = user_of(request)
    try:
        begun = services.begin_enrolment(user)
        return JsonResponse({"nonce": begun.nonce, "options": services.passkey_options(user, begun)})
    except UserFault as fault:
        return fault_json(fault)


@require_POST
def passkey_enrol(request: HttpRequest) -> JsonResponse:
    try:
        sent = json_of(request)
        credential = sent.get("credential")
        if not isinstance(credential, dict):
            raise UserFault("Send the credential.", code="bad_request")
        services.enrol_passkey(
            user_of(request),
            nonce=str(sent.get("nonce", "")),
            credential=credential,
            label=str(sent.get("label", "")),
        )
    except UserFault as fault:
        return fault_json(fault)
    messages.success(request, "Your passkey is enrolled. Confirm it with the code that we sent you.")
    return JsonResponse({"redirect": reverse("artists:keys")}, status=201)


@require_http_methods(["GET", "POST"])
def ssh_key_page(request: HttpRequest) -> HttpResponse:
    """Enrol an ssh key by signing a file with it. The file stays the same while the form is corrected."""
    user = user_of(request)
    form = SshKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.enrol_ssh_key(user, **form.cleaned_data)
        except UserFault as fault:
            form.add_error("signature", fault.message)
        else:
            messages.success(request, "Your key is enrolled. Confirm it with the code that we sent you.")
            return redirect("artists:keys")
    nonce = form.data.get("nonce", "") if form.is_bound else ""
    begun = _going_on(user, nonce) or services.begin_enrolment(user)
    status = REFUSED if form.errors else 200
    context = {"form": form, "nonce": begun.nonce, "file": file_name(begun.nonce), "namespace": NAMESPACE}
    return render(request, "artists/ssh_key.html", context, status=status)


def _going_on(user: User, nonce: str) -> Any:
    """An open request of this person to enrol a key, to go on with; None where there is none."""
    return access.open_signing_requests(user).filter(nonce=nonce, purpose="enrol").first()


def file_name(nonce: str) -> str:
    return f"deadwax-{nonce[:8]}.json"


@sensitive_post_parameters("code")
@require_POST
def key_confirm(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    key = access.own_key_for(user, pk)
    try:
        services.confirm_key(key, code=request.POST.get("code", ""), actor=user)
    except UserFault as fault:
        return _keys(request, user, error=fault.message, wrong=key.pk)
    messages.success(request, f"“{key.label}” is in use. You can sign with it.")
    return redirect("artists:keys")


@require_POST
def key_code(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A new code: mailed to the key's owner, or shown once to a label owner who reads it out."""
    user = user_of(request)
    key = access.key_for(user, pk)
    channel = PersonKey.Channel.MAIL if key.user_id == user.pk else PersonKey.Channel.IN_PERSON
    try:
        code = services.issue_code(key, channel=channel, actor=user)
    except UserFault as fault:
        return _keys(request, user, error=fault.message)
    if code:
        return _keys(request, user, code=code, code_for=key)
    messages.success(request, f"A new code is on its way to {user.email}.")
    return redirect("artists:keys")


@require_POST
def key_revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    key = access.key_for(user, pk)
    try:
        services.revoke_key(key, reason=request.POST.get("reason", "")[:1000], actor=user)
    except UserFault as fault:
        return _keys(request, user, error=fault.message)
    messages.success(request, f"“{key.label}” is revoked. What it signed before stays signed.")
    return redirect("artists:keys")
