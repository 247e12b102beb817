from __future__ import annotations

from django.urls import path

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
]
