"""`manage.py c2pa_certificate`: what signs audio and until when; `--renew` makes a new trial certificate."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from release import credentials
from release.c2pa import CertificateUnusable, KeysDamaged, TrialAuthority
from release.credentials import CertificateStatus


class Command(BaseCommand):
    help = "Show the certificate that signs audio (C2PA); try it out; renew the trial certificate."

    #: The check of the certificate itself must not keep its cure from running.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--renew", action="store_true", help="make a new trial certificate; the old root stays trusted"
        )
        parser.add_argument(
            "--try-out", action="store_true", help="have the configured key or program sign a sentence"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["renew"]:
            if credentials.source() != "trial":
                raise CommandError(
                    "A certificate is configured (DEADWAX_C2PA_CERT): renew it where it was issued."
                )
            kept = TrialAuthority.renew(credentials.keys_dir())
            if kept and not options["json"]:
                self.stdout.write(f"The old root is kept as {kept}, so that files stay trusted.")
        status = credentials.certificate()
        if options["try_out"] and not status.problem:
            try:
                credentials.signer().try_out()
            except (CertificateUnusable, KeysDamaged) as error:
                raise CommandError(error.message) from error
            status = credentials.certificate()
        if options["json"]:
            self.stdout.write(json.dumps(_document(status), indent=2))
        else:
            for line in _lines(status, tried=options["try_out"]):
                self.stdout.write(line)
        if status.problem:
            raise CommandError(status.warning)


_SOURCES = {
    "trial": "the trial authority of this installation, which nobody else trusts",
    "file": "a key from a file (DEADWAX_C2PA_KEY)",
    "program": "a signing program (DEADWAX_C2PA_SIGNER)",
}


def _lines(status: CertificateStatus, *, tried: bool) -> list[str]:
    lines = [f"Signs with    {_SOURCES[status.source]}"]
    if status.expires_at is None:
        return [*lines, "Certificate   none yet: it is made when the first file is signed, or by --renew"]
    lines += [
        f"Certificate   {status.subject}",
        f"Issued by     {status.issuer}",
        f"Algorithm     {status.algorithm}",
        f"Valid until   {status.expires_at:%Y-%m-%d %H:%M} UTC ({status.days_left} days)",
        f"Time stamps   {', '.join(status.timestamps) or 'none: a signature lasts only as long as its certificate'}",
    ]
    if tried:
        lines.append("Tried out     it signs, and the signature fits the certificate")
    return [*lines, status.warning] if status.warning else lines


def _document(status: CertificateStatus) -> dict[str, Any]:
    return {
        "source": status.source,
        "subject": status.subject,
        "issuer": status.issuer,
        "algorithm": status.algorithm,
        "expires_at": status.expires_at.isoformat() if status.expires_at else None,
        "days_left": status.days_left,
        "timestamps": list(status.timestamps),
        "warning": status.warning,
    }
