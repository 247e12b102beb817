"""What the API's addresses are asked with, by the first word of their names."""

from __future__ import annotations

from collections.abc import Mapping

from tests.label.matrix.anr import answer, criterion, question
from tests.label.matrix.made import consent, dataset, leaf, preset, signing_key, signing_request, sweep
from tests.label.matrix.rows import Key

#: Lists hold only what their reader may see.
API_SUBJECTS: Mapping[str, Key] = {
    "preset": preset,
    "sweep": sweep,
    "agreement": lambda s: s.anr.agreement.pk,
    "artist": lambda s: s.cast.artist.pk,
    "person": lambda s: s.house.writer.pk,
    "method": lambda s: s.cast.artist.pk,
    "consent": consent,
    "dataset": dataset,
    "ownmodel": lambda s: s.master.pk,
    "training": lambda s: s.cast.artist.pk,
    "check": lambda s: s.master.pk,
    "material": lambda s: s.project.pk,
    "project": lambda s: s.project.pk,
    "run": lambda s: s.run.pk,
    "take": lambda s: s.take.pk,
    "stem": lambda s: s.stem.pk,
    "upload": lambda s: s.upload.pk,
    "arrangement": lambda s: s.arrangement.pk,
    "version": lambda s: s.version.pk,
    "render": lambda s: s.render.pk,
    "master": lambda s: s.master.pk,
    "job": lambda s: s.master.job_id,
    "imprint": lambda s: s.house.imprint.pk,
    "recording": lambda s: s.recording.pk,
    "evidence": lambda s: s.master.pk,
    "declaration": lambda s: s.declaration.pk,
    "resolution": lambda s: s.declaration.pk,
    "release": lambda s: s.release.pk,
    "track": lambda s: s.track.pk,
    "package": lambda s: s.package.pk,
    "ledger": leaf,
    "key": signing_key,
    "signing": signing_request,
    "submission": lambda s: s.anr.submission.pk,
    "answertemplate": answer,
    "criterion": criterion,
    "question": question,
    "inboxrules": lambda s: s.anr.link.pk,  # there is one for all
    "listening": lambda s: s.anr.listening.pk,
    "uploadlink": lambda s: s.anr.link.pk,
    "signature": lambda s: s.cast.mara.signing_keys.get().signatures.first().pk,
}
#: The same for everybody who is logged in: the tool catalogue, the engines, oneself.
API_SHARED = {"board", "filter", "search", "tool", "engine", "me", "token", "receipts", "receipt"}
#: For owners and the rights team alone: tests/release/test_erasure.py.
API_ERASERS = {"erasure"}
#: For the owner and A&R alone: tests/generation/test_queue.py.
API_ORDERERS = {"quota"}
