from __future__ import annotations

from django.urls import path

from artists.views import keys, signing
from artists.views import people as views

app_name = "artists"
urlpatterns = [
    path("login/", views.login_page, name="login"),
    path("logout/", views.logout_page, name="logout"),
    path("invite/<str:secret>/", views.invitation_page, name="invitation"),
    path("roster/", views.roster_page, name="roster"),
    path("roster/new/", views.artist_new_page, name="artist-new"),
    path("roster/<uuid:pk>/", views.artist_page, name="artist"),
    path("roster/<uuid:pk>/edit/", views.artist_edit_page, name="artist-edit"),
    path("roster/<uuid:pk>/people/new/", views.person_new_page, name="person-new"),
    path("people/", views.people_page, name="people"),
    path("people/<uuid:pk>/role/", views.role_change, name="role-change"),
    path("people/<uuid:pk>/close/", views.account_close, name="account-close"),
    path("people/invitations/<uuid:pk>/withdraw/", views.invitation_withdraw, name="invitation-withdraw"),
    path("account/", views.account_page, name="account"),
    path("account/keys/", keys.keys_page, name="keys"),
    path("account/keys/passkey/options/", keys.passkey_options, name="passkey-options"),
    path("account/keys/passkey/", keys.passkey_enrol, name="passkey-enrol"),
    path("account/keys/ssh/", keys.ssh_key_page, name="ssh-key"),
    path("account/keys/<uuid:pk>/confirm/", keys.key_confirm, name="key-confirm"),
    path("account/keys/<uuid:pk>/code/", keys.key_code, name="key-code"),
    path("account/keys/<uuid:pk>/revoke/", keys.key_revoke, name="key-revoke"),
    path("account/requests/<str:nonce>/", signing.payload_file, name="signing-payload"),
    path("sign/", signing.signing_page, name="signing"),
    path("sign/<str:purpose>/<str:stream>/", signing.sign_page, name="sign"),
]
