"""`manage.py ledger_sign`: sign one's own entries of a stream with an ssh key, on the machine that has both.

It shows what is signed, lets ssh-keygen make the signature (which asks for the key's passphrase, or the agent), and
hands it in by the same service as the page. The key has to be enrolled and confirmed already.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from artists import services
from artists.access import member_by_email
from artists.models import PersonSignature
from provenance.errors import ProvenanceError
from provenance.signing import NAMESPACE


class Command(BaseCommand):
    help = "Sign your own entries of a stream with an ssh key (ssh-keygen -Y sign)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="e-mail address of whose entries they are")
        parser.add_argument("--stream", required=True, help="for example project:<uuid>")
        parser.add_argument(
            "--key", required=True, type=Path, help="private key file, or public with an agent"
        )
        parser.add_argument("--purpose", default="session", choices=PersonSignature.Purpose.values)
        parser.add_argument("--show", action="store_true", help="only show what would be signed")

    def handle(self, *args: Any, **options: Any) -> None:
        user = member_by_email(options["user"])
        if user is None:
            raise CommandError(f"There is no active account of {options['user']}.")
        try:
            asked = services.signing_request(user, options["stream"], options["purpose"])
            self.stdout.write(asked.words)
            if options["show"]:
                return
            signature = ssh_signature(bytes(asked.payload), options["key"])
            made = services.sign(
                user,
                nonce=asked.nonce,
                fingerprint=services.key_of_signature(signature),
                proof={"signature": signature},
            )
        except ProvenanceError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"\nSigned: {made.entries_signed} entries, {bytes(made.entry.leaf_hash).hex()}")


def ssh_signature(payload: bytes, key: Path) -> str:
    """The armored signature that ssh-keygen makes with this key. Raises `CommandError`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "payload.json"
        file.write_bytes(payload)
        try:
            done = subprocess.run(  # noqa: S603 - arguments are ours, the key's path is the operator's own
                ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(file)],  # noqa: S607
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise CommandError("ssh-keygen is missing. Install OpenSSH's client.") from None
        if done.returncode:
            raise CommandError(f"ssh-keygen did not sign: {done.stderr.strip()[-300:]}")
        return file.with_name("payload.json.sig").read_text()
