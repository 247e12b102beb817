"""Where private words can lie outside the vault, field by field, and what the erasure of a person does about each.

A test demands that every field that can hold words stands here: a new copy cannot be forgotten.
"""

from __future__ import annotations

from typing import Final

ERASED: Final = "erased"
STAYS: Final = "stays"
NONE: Final = "none"

#: Field -> (what happens, why or how). NONE: the field holds no words of a person.
FIELDS: Final[dict[str, tuple[str, str]]] = {
    # People.
    "artists.User.email": (ERASED, "replaced by an address that leads nowhere"),
    "artists.User.full_name": (ERASED, "replaced by “Erased person”"),
    "artists.User.password": (ERASED, "replaced by one that never fits"),
    "artists.Standing.name_commitment": (STAYS, "says nothing once name and salt are erased"),
    "artists.Invitation.email": (ERASED, "replaced in the invitation that the person came by"),
    "artists.Invitation.secret_sha256": (NONE, "digest of a random secret"),
    "artists.Artist.name": (STAYS, "an artist's name is public"),
    "artists.Artist.sort_name": (STAYS, "an artist's name is public"),
    "artists.Artist.method": (STAYS, "the artist's own public statement; change it on the artist's page"),
    "artists.Person.credit_name": (STAYS, "credits are public on releases and in the log"),
    "artists.PersonKey.label": (ERASED, "emptied; the key is revoked"),
    "artists.PersonKey.public_key": (STAYS, "signatures are checked with it"),
    "artists.PersonKey.fingerprint": (STAYS, "names the public key"),
    "artists.PersonKey.credential_id": (STAYS, "a random name of the key, public in the log"),
    "artists.PersonKey.code_sha256": (NONE, "digest of a random code"),
    "artists.PersonKey.code_salt": (NONE, "random"),
    "artists.PersonSignature.stream": (NONE, "an id"),
    "artists.PersonSignature.nonce": (NONE, "random"),
    "artists.PersonSignature.payload_sha256": (NONE, "digest of ids and a nonce"),
    "artists.SigningRequest.nonce": (ERASED, "the row is deleted"),
    "artists.SigningRequest.stream": (ERASED, "the row is deleted"),
    "artists.SigningRequest.payload": (ERASED, "the row is deleted"),
    "artists.SigningRequest.words": (ERASED, "the row is deleted"),
    # The studio.
    "generation.Project.title": (STAYS, "titles are public in the log"),
    "generation.Brief.genre": (STAYS, "a word of the trade, public in the log"),
    "generation.Brief.instruments": (STAYS, "words of the trade, public in the log"),
    "generation.Brief.structure": (STAYS, "words of the trade, public in the log"),
    "generation.Brief.energy_percent": (NONE, "numbers"),
    "generation.Arrangement.title": (STAYS, "titles are public in the log"),
    "generation.ArrangementVersion.name": (STAYS, "names of versions are public in the log"),
    "generation.ArrangementVersion.document": (
        STAYS,
        "its digest stands in the log: names of tracks and clips are part of it, and each edit of them is public",
    ),
    "generation.ArrangementVersion.digest": (NONE, "a digest"),
    "generation.Master.report": (NONE, "measures"),
    "generation.PromptRun.parameters": (NONE, "numbers and choices; the prompt lies in the vault alone"),
    "generation.PromptRun.seeds": (NONE, "numbers"),
    "generation.Take.facts": (NONE, "what the engine says about itself"),
    "generation.TakeStem.name": (NONE, "the engine's name of a part"),
    "generation.Listen.spans_ms": (NONE, "numbers"),
    "generation.Upload.name": (ERASED, "replaced by a name that says nothing"),
    "generation.Upload.licence": (ERASED, "replaced by “erased”"),
    "generation.Upload.elements": (NONE, "words of the trade"),
    "generation.Upload.c2pa": (STAYS, "what the file itself says; public in the log"),
    "generation.Upload.already_known_as": (NONE, "a kind of entry"),
    "generation.Tool.provider": (NONE, "a company"),
    "generation.Tool.name": (NONE, "a product"),
    "generation.ToolTerms.plan": (NONE, "terms of a product"),
    "generation.ToolTerms.licence": (NONE, "terms of a product"),
    "generation.ToolTerms.attribution": (NONE, "terms of a product"),
    "generation.ToolTerms.output_owner": (NONE, "terms of a product"),
    "generation.ToolTerms.marks": (NONE, "terms of a product"),
    "generation.ToolTerms.blocked_by": (NONE, "terms of a product"),
    "generation.ToolTerms.source": (NONE, "terms of a product"),
    "generation.EngineOffer.title": (NONE, "a product"),
    "generation.EngineOffer.unavailable_reason": (NONE, "what a worker lacks"),
    "generation.EngineOffer.capabilities": (NONE, "what a worker can do"),
    # What goes out.
    "release.Imprint.name": (STAYS, "the label's own, public"),
    "release.Imprint.p_line_owner": (STAYS, "public on releases"),
    "release.Imprint.c_line_owner": (STAYS, "public on releases"),
    "release.Work.title": (STAYS, "public"),
    "release.Recording.title": (STAYS, "public"),
    "release.Recording.version_title": (STAYS, "public"),
    "release.Recording.p_line_owner": (STAYS, "public on releases"),
    "release.Release.title": (STAYS, "public"),
    "release.Release.genre": (STAYS, "public"),
    "release.Release.territories": (NONE, "codes"),
    "release.Release.p_line_owner": (STAYS, "public on releases"),
    "release.Release.c_line_owner": (STAYS, "public on releases"),
    "release.Package.parts": (NONE, "paths and digests"),
    "release.Package.checks": (STAYS, "what was checked when the package left the house"),
    "release.Declaration.claims": (STAYS, "origins by element; the statements' words lie in the vault alone"),
    "release.Declaration.evidence_leaf": (NONE, "a digest"),
    "release.Approval.state_digest": (NONE, "a digest"),
    # The record and the machinery.
    "provenance.Entry.kind": (NONE, "our word"),
    "provenance.Entry.stream": (NONE, "an id"),
    "provenance.Entry.actor_id": (STAYS, "a random id, a pseudonym once the name is erased"),
    "provenance.Entry.refs": (NONE, "ids and digests"),
    "provenance.Entry.body": (STAYS, "public facts and commitments; the log is built on its bytes"),
    "provenance.Entry.leaf_hash": (NONE, "a digest"),
    "provenance.VaultItem.name": (ERASED, "the row is deleted"),
    "provenance.VaultItem.salt": (ERASED, "the row is deleted"),
    "provenance.VaultItem.content": (ERASED, "the row is deleted"),
    "provenance.SearchText.words": (
        ERASED,
        "emptied by the database with each erasure, and read again without them",
    ),
    "provenance.Asset.sha256": (NONE, "a digest"),
    "provenance.Asset.media_type": (NONE, "a media type"),
    "provenance.Asset.probe": (STAYS, "measures, and tags that the file itself carries"),
    "provenance.AssetAnalysis.peaks": (STAYS, "measured from sound that stays"),
    "provenance.AssetAnalysis.fingerprint": (STAYS, "measured from sound that stays"),
    "provenance.Job.kind": (NONE, "our word"),
    "provenance.Job.payload": (NONE, "ids; enqueue() forbids more"),
    "provenance.Job.title": (NONE, "our words and numbers"),
    "provenance.Job.subject": (NONE, "an id"),
    "provenance.Job.stream": (NONE, "an id"),
    "provenance.Job.note": (ERASED, "emptied"),
    "provenance.Job.error_code": (NONE, "our word"),
    "provenance.Job.error_message": (ERASED, "emptied: it may quote a prompt or a file name"),
    "provenance.Leaf.stream": (NONE, "an id"),
    "provenance.Leaf.prev": (NONE, "a digest"),
    "provenance.Node.hash": (NONE, "a digest"),
    "provenance.Checkpoint.root": (NONE, "a digest"),
    "provenance.Checkpoint.note": (NONE, "size, root, signature"),
    "provenance.TimestampToken.authority": (NONE, "an authority"),
    "provenance.TimestampToken.token": (NONE, "a digest and a date"),
    "provenance.Cosignature.witness": (NONE, "a witness"),
    "provenance.Cosignature.key": (NONE, "a public key"),
    "provenance.Cosignature.line": (NONE, "a signature"),
    "provenance.OutsidePlace.name": (NONE, "an outside place"),
    "provenance.OutsidePlace.error": (NONE, "what an outside place answered"),
    "provenance.Receipt.actor_id": (STAYS, "a pseudonym once the name is erased"),
    "provenance.Receipt.leaves": (NONE, "digests"),
    "provenance.Receipt.note": (STAYS, "ids, dates and digests"),
    # Other people's packages.
    "sessions.Session.session_data": (ERASED, "the person's sessions are deleted"),
    "axes.AccessAttempt.username": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessAttempt.user_agent": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessAttempt.http_accept": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessAttempt.path_info": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessAttempt.get_data": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessAttempt.post_data": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessFailureLog.username": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessFailureLog.user_agent": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessFailureLog.http_accept": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessFailureLog.path_info": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessLog.username": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessLog.user_agent": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessLog.http_accept": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessLog.path_info": (ERASED, "rows with the person's address are deleted"),
    "axes.AccessLog.session_hash": (ERASED, "rows with the person's address are deleted"),
    "knox.AuthToken.digest": (ERASED, "the person's tokens are deleted"),
    "auth.Permission.name": (NONE, "Django's own"),
    "auth.Permission.codename": (NONE, "Django's own"),
    "auth.Group.name": (NONE, "Django's own, not used"),
    "contenttypes.ContentType.app_label": (NONE, "Django's own"),
    "contenttypes.ContentType.model": (NONE, "Django's own"),
}

#: Outside the database, in whole sentences: the page and the command print them.
BEYOND: Final = tuple(
    " ".join(text.split())
    for text in (
        """Backups still hold what is erased here until they are older than you keep them: erase from them too, or let
        them expire, and repeat this erasure after restoring one. The database itself frees the deleted rows at its
        next VACUUM, and its write-ahead log a little later.""",
        """Bundles and packages that left the house keep what was disclosed in them; the entries of their export say
        what that was, and to whom.""",
        """The sound itself stays: masters, takes and own recordings are what digests, releases and other people's work
        stand on.""",
        "Programs' logs may hold file names and addresses: let them expire as you do with backups.",
    )
)
