"""Pages of accounts. Views parse and call; what may be done is in access and services."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from knox.models import AuthToken

from artists import access, services
from artists.forms import AcceptForm, InviteForm, LoginForm, PasswordForm, RoleForm
from artists.models import User
from provenance.errors import UserFault


def user_of(request: HttpRequest) -> User:
    """The logged-in user, typed."""
    return cast(User, request.user)


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, form: Any = None) -> HttpResponse:
    """A page; 422 when its form was refused, so that the refusal is shown and not mistaken for success."""
    status = 422 if form is not None and form.is_bound and form.errors else 200
    return render(request, template, {**context, "form": form}, status=status)


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login_page(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("label:today")
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = authenticate(
            request, username=form.cleaned_data["username"].lower(), password=form.cleaned_data["password"]
        )
        if user is not None:
            login(request, user)
            wanted = request.POST.get("next", "")
            safe = url_has_allowed_host_and_scheme(
                wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
            )
            return redirect(wanted if wanted and safe else "label:today")
        form.add_error(
            None, "This address and password do not belong together. Try again, or ask the label's owner."
        )
    return _page(request, "artists/login.html", {"next": request.GET.get("next", "")}, form=form)


@require_POST
def logout_page(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("artists:login")


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def invitation_page(request: HttpRequest, secret: str) -> HttpResponse:
    try:
        invitation = services.invitation_by_secret(secret)
    except UserFault as fault:
        return render(request, "artists/invitation_over.html", {"message": fault.message}, status=410)
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.accept_invitation(secret=secret, **form.cleaned_data)
        except UserFault as fault:
            form.add_error("password" if fault.code == "weak_password" else None, fault.message)
        else:
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            messages.success(request, "Welcome. Your account is ready.")
            return redirect("label:today")
    return _page(request, "artists/invitation.html", {"invitation": invitation}, form=form)


@require_http_methods(["GET", "POST"])
def people_page(request: HttpRequest) -> HttpResponse:
    """Accounts and invitations: the owner's page. A new invitation's link is shown once, here."""
    user = user_of(request)
    accounts = access.visible_accounts(user)
    form = InviteForm(request.POST or None, artists=access.visible_artists(user))
    link = ""
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = services.invite_user(**form.cleaned_data, actor=user)
        except UserFault as fault:
            form.add_error(None, fault.message)
        else:
            link = request.build_absolute_uri(reverse("artists:invitation", args=[secret]))
            form = InviteForm(artists=access.visible_artists(user))
    context = {
        "accounts": accounts,
        "invitations": access.open_invitations(user),
        "link": link,
        "roles": RoleForm.base_fields["role"].choices,  # type: ignore[attr-defined]
    }
    return _page(request, "artists/people.html", context, form=form)


@require_POST
def role_change(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    account = access.account_for(user, pk)
    form = RoleForm(request.POST)
    try:
        if not form.is_valid():
            raise UserFault("Choose one of the roles.")
        services.change_role(account, role=form.cleaned_data["role"], actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "The role is changed.")
    return redirect("artists:people")


@require_POST
def account_close(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    account = access.account_for(user, pk)
    try:
        services.deactivate_user(account, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "The account is closed.")
    return redirect("artists:people")


@require_POST
def invitation_withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    invitation = access.invitation_for(user, pk)
    try:
        services.withdraw_invitation(invitation, actor=user)
    except UserFault as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, "The invitation is withdrawn.")
    return redirect("artists:people")


@sensitive_post_parameters("old", "new")
@require_http_methods(["GET", "POST"])
def account_page(request: HttpRequest) -> HttpResponse:
    """One's own password and API tokens. A new token is shown once."""
    user = user_of(request)
    action = request.POST.get("action", "")
    form = PasswordForm(request.POST if action == "password" else None)
    token = ""
    if action == "token":
        _, token = AuthToken.objects.create(user=user)
    elif action == "revoke":
        AuthToken.objects.filter(user=user, digest=request.POST.get("digest", "")).delete()
        messages.success(request, "The token no longer works.")
        return redirect("artists:account")
    elif action == "password" and form.is_valid():
        if not user.check_password(form.cleaned_data["old"]):
            form.add_error("old", "This is not your password now.")
        else:
            try:
                validate_password(form.cleaned_data["new"], user)
            except ValidationError as error:
                form.add_error("new", error.messages)
            else:
                user.set_password(form.cleaned_data["new"])
                user.save(update_fields=["password"])
                update_session_auth_hash(request, user)
                messages.success(request, "Your password is changed.")
                return redirect("artists:account")
    context = {"tokens": AuthToken.objects.filter(user=user).order_by("-created"), "token": token}
    return _page(request, "artists/account.html", context, form=form)
