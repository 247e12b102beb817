"""The audit's look at people's keys: rows against their entries, signatures against keys and entries."""

from __future__ import annotations

from artists.services import key_audit
from provenance.audit import Step
from provenance.full_audit import step


@step("People's keys and signatures are what their entries say")
def people(made: Step, notices: list[str]) -> str:
    found = key_audit.check(fault=made.fault)
    if found.unconfirmed:
        notices.append(
            f"{found.unconfirmed} keys wait for their owner to confirm them: they sign nothing until then"
        )
    signed = f"{found.signatures} signatures over {found.leaves} entries"
    return f"{found.keys} keys, {found.revoked} of them revoked, {signed}"
