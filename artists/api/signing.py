"""Keys and signatures over the API: the same services as the pages. Passkeys need a browser; ssh keys do not."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from artists import access, services
from artists.models import PersonKey, PersonSignature, SigningRequest, User
from provenance.signatures import unsigned_streams
from provenance.signing import NAMESPACE
from provenance.signing.assertion import base64url


class KeySerializer(serializers.ModelSerializer[PersonKey]):
    class Meta:
        model = PersonKey
        fields = ("id", "label", "method", "algorithm", "fingerprint", "public_key", "state", "created_at")
        read_only_fields = fields


class EnrolmentSerializer(serializers.Serializer[Any]):
    nonce = serializers.CharField(read_only=True)
    payload = serializers.CharField(
        read_only=True, help_text=f"Sign exactly this: ssh-keygen -Y sign -n {NAMESPACE}"
    )


class NewKeySerializer(serializers.Serializer[Any]):
    nonce = serializers.CharField(max_length=64)
    label = serializers.CharField(max_length=80)  # type: ignore[assignment]
    signature = serializers.CharField(max_length=4096, help_text="Armored SSHSIG; it carries the public key.")


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=20)


class ReadOutSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(read_only=True, help_text="To be read out; empty where it was mailed.")


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class UnsignedSerializer(serializers.Serializer[Any]):
    stream = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField(help_text="Entries of yours that nobody signed.")


class AskSerializer(serializers.Serializer[Any]):
    stream = serializers.CharField(max_length=64, help_text="For example project:<uuid>.")
    purpose = serializers.ChoiceField(choices=PersonSignature.Purpose.choices)


class AskedSerializer(serializers.ModelSerializer[SigningRequest]):
    payload = serializers.SerializerMethodField(
        help_text="Canonical JSON. An ssh key signs exactly these bytes."
    )
    challenge = serializers.SerializerMethodField(help_text="What a passkey signs, base64url.")

    class Meta:
        model = SigningRequest
        fields = ("nonce", "purpose", "stream", "words", "payload", "challenge", "expires_at")
        read_only_fields = fields

    def get_payload(self, row: SigningRequest) -> str:
        return bytes(row.payload).decode()

    def get_challenge(self, row: SigningRequest) -> str:
        return base64url(services.webauthn_challenge(row))


class ProofSerializer(serializers.Serializer[Any]):
    signature = serializers.CharField(max_length=8192, trim_whitespace=False)
    authenticator_data = serializers.CharField(max_length=8192, required=False, help_text="Passkeys only.")
    client_data = serializers.CharField(max_length=8192, required=False, help_text="Passkeys only.")


class SubmitSerializer(serializers.Serializer[Any]):
    nonce = serializers.CharField(max_length=64)
    fingerprint = serializers.CharField(max_length=64, help_text="Of your key.")
    proof = ProofSerializer()


class SignatureSerializer(serializers.ModelSerializer[PersonSignature]):
    fingerprint = serializers.CharField(source="key.fingerprint", read_only=True)
    leaf = serializers.SerializerMethodField(help_text="The entry of the signature, by its leaf hash.")

    class Meta:
        model = PersonSignature
        fields = ("id", "purpose", "stream", "nonce", "fingerprint", "entries_signed", "leaf", "created_at")
        read_only_fields = fields

    def get_leaf(self, row: PersonSignature) -> str:
        return bytes(row.entry.leaf_hash).hex()


@extend_schema_view(list=extend_schema(description="Your keys for signing, the newest first."))
class KeyViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[PersonKey]):
    """Keys for signing. An owner of the label may also ask for a code to read out, and revoke others' keys."""

    serializer_class = KeySerializer
    queryset = PersonKey.objects.none()

    def get_queryset(self) -> QuerySet[PersonKey]:
        if getattr(self, "swagger_fake_view", False):
            return PersonKey.objects.none()
        return access.own_keys(self.user)

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    @extend_schema(request=None, responses={200: EnrolmentSerializer})
    @action(detail=False, methods=["post"])
    def begin(self, request: Request) -> Response:
        """What a new ssh key has to sign; works once, for a quarter of an hour."""
        begun = services.begin_enrolment(self.user)
        return Response({"nonce": begun.nonce, "payload": bytes(begun.payload).decode()})

    @extend_schema(request=NewKeySerializer, responses={201: KeySerializer})
    def create(self, request: Request) -> Response:
        """Enrol the ssh key that made the signature. A code to confirm it is mailed to you."""
        form = NewKeySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key = services.enrol_ssh_key(self.user, **form.validated_data)
        return Response(KeySerializer(key).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CodeSerializer, responses={200: KeySerializer})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        key = access.own_key_for(self.user, pk)
        form = CodeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(KeySerializer(services.confirm_key(key, actor=self.user, **form.validated_data)).data)

    @extend_schema(request=None, responses={200: ReadOutSerializer})
    @action(detail=True, methods=["post"])
    def code(self, request: Request, pk: str) -> Response:
        """A new code: mailed where the key is yours, answered here where you are an owner who reads it out."""
        key = access.key_for(self.user, pk)
        own = key.user_id == self.user.pk
        channel = PersonKey.Channel.MAIL if own else PersonKey.Channel.IN_PERSON
        return Response({"code": services.issue_code(key, channel=channel, actor=self.user)})

    @extend_schema(request=ReasonSerializer, responses={200: KeySerializer})
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        key = access.key_for(self.user, pk)
        form = ReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(KeySerializer(services.revoke_key(key, actor=self.user, **form.validated_data)).data)


class SigningViewSet(viewsets.GenericViewSet[SigningRequest]):
    """What of yours waits for a signature, and what exactly would be signed."""

    serializer_class = AskedSerializer
    queryset = SigningRequest.objects.none()
    pagination_class = None

    @extend_schema(responses=UnsignedSerializer(many=True))
    def list(self, request: Request) -> Response:
        waiting = unsigned_streams(str(cast(User, request.user).pk), limit=100)
        return Response(UnsignedSerializer(waiting, many=True).data)

    @extend_schema(request=AskSerializer, responses={201: AskedSerializer})
    def create(self, request: Request) -> Response:
        form = AskSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = services.signing_request(cast(User, request.user), **form.validated_data)
        return Response(AskedSerializer(asked).data, status=status.HTTP_201_CREATED)


class SignatureViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[PersonSignature]):
    """Your signatures."""

    serializer_class = SignatureSerializer
    queryset = PersonSignature.objects.none()

    def get_queryset(self) -> QuerySet[PersonSignature]:
        if getattr(self, "swagger_fake_view", False):
            return PersonSignature.objects.none()
        return access.signatures_of(cast(User, self.request.user))

    @extend_schema(request=SubmitSerializer, responses={201: SignatureSerializer})
    def create(self, request: Request) -> Response:
        """Hand in a signature over a request of yours. It is checked, and recorded as an entry."""
        form = SubmitSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.sign(cast(User, request.user), **form.validated_data)
        return Response(SignatureSerializer(made).data, status=status.HTTP_201_CREATED)
