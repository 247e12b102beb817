"""API tokens: made with e-mail and password, sent as `Authorization: Token ...`, revoked one by one."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework import permissions, serializers, status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class CredentialsSerializer(serializers.Serializer[dict[str, Any]]):
    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, max_length=1024)


class TokenSerializer(serializers.Serializer[dict[str, Any]]):
    token = serializers.CharField()


class TokenView(APIView):
    """Make a token. Wrong passwords count towards the same lock as on the log-in page."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)

    def get_authenticate_header(self, request: Request) -> str:
        """So that a wrong password is answered 401 and not 403."""
        return "Token"

    @extend_schema(request=CredentialsSerializer, responses={201: TokenSerializer})
    def post(self, request: Request) -> Response:
        form = CredentialsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        user = authenticate(
            request._request,
            username=form.validated_data["email"].lower(),
            password=form.validated_data["password"],
        )
        if user is None:
            raise AuthenticationFailed("This address and password do not belong together.")
        _, token = AuthToken.objects.create(user=user)
        return Response({"token": token}, status=status.HTTP_201_CREATED)


class RevokeTokenView(APIView):
    """Revoke the token that this request was sent with."""

    authentication_classes = (TokenAuthentication,)

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        cast(AuthToken, request.auth).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
