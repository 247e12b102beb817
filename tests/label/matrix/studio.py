"""Who may open what: Projects, runs, takes, arrangements, masters, tools."""

from __future__ import annotations

from tests.label.matrix.made import dataset
from tests.label.matrix.rows import ALL, READ, WRITE, Actions, Pages, Row

#: The tool catalogue: everybody reads it, the owner and rights keep it.
KEEPERS: Row = (200, 403, 403, 200, 403, 403, 403)

PAGES: Pages = {
    "generation:master-method": (lambda s: s.master.pk, READ),
    "generation:materials": (lambda s: s.project.pk, READ),
    "generation:projects": (None, ALL),
    "generation:project-new": (None, ALL),
    "generation:project": (lambda s: s.project.pk, READ),
    "generation:brief": (lambda s: s.project.pk, READ),
    "generation:run-new": (lambda s: s.project.pk, WRITE),
    "generation:compare": (lambda s: s.project.pk, READ),
    "generation:upload-new": (lambda s: s.project.pk, WRITE),
    "generation:arrangement-new": (lambda s: s.project.pk, WRITE),
    "generation:run": (lambda s: s.run.pk, READ),
    "generation:run-status": (lambda s: s.run.pk, READ),
    "generation:run-listen": (lambda s: (s.run.pk, 1), (404,) * 7),  # nothing of this run is being made
    "generation:take-audio": (lambda s: s.take.pk, READ),
    "generation:take-peaks": (lambda s: s.take.pk, READ),
    "generation:take-midi": (lambda s: s.take.pk, (404,) * 7),  # this take has no notes
    "generation:take-musicxml": (lambda s: s.take.pk, (404,) * 7),
    "generation:take-replay": (lambda s: s.take.pk, READ),
    "generation:stem-audio": (lambda s: s.stem.pk, READ),
    "generation:stem-peaks": (lambda s: s.stem.pk, READ),
    "generation:upload-audio": (lambda s: s.upload.pk, READ),
    "generation:upload-peaks": (lambda s: s.upload.pk, READ),
    "generation:arrangement": (lambda s: s.arrangement.pk, READ),
    "generation:render": (lambda s: s.render.pk, READ),
    "generation:render-audio": (lambda s: s.render.pk, READ),
    "generation:render-peaks": (lambda s: s.render.pk, READ),
    "generation:master": (lambda s: s.master.pk, READ),
    "generation:master-audio": (lambda s: s.master.pk, READ),
    "generation:master-peaks": (lambda s: s.master.pk, READ),
    "generation:job": (lambda s: s.master.job_id, READ),
    "generation:queue": (None, ALL),
    "generation:queue-rows": (None, ALL),
    "generation:quotas": (None, (200, 200, 403, 403, 403, 403, 403)),
    "generation:tools": (None, ALL),
    "generation:tool-new": (None, KEEPERS),
    "generation:tool": (lambda s: "suno-paid", ALL),
    "generation:terms-new": (lambda s: "suno-paid", KEEPERS),
    "generation:terms-snapshot": (lambda s: ("suno-paid", 1), (404,) * 7),  # none is kept: tests/generation
    "generation:upload": (lambda s: s.upload.pk, READ),
    "generation:upload-midi": (lambda s: s.upload.pk, (404,) * 7),  # it is sound
    "generation:upload-paper": (lambda s: (s.upload.pk, "receipt"), (404,) * 7),  # none came with it
}

#: What nobody of an artist is in is the label's, and who began it.
STAFF: Row = (200, 200, 200, 200, 404, 404, 404)

PAGES |= {
    "generation:datasets": (None, ALL),
    "generation:dataset-new": (None, (200, 403, 403, 200, 200, 403, 200)),
    "generation:dataset": (dataset, STAFF),
    "generation:dataset-download": (
        lambda s: (dataset(s), 1),
        (404, 403, 403, 404, 404, 404, 404),
    ),  # nothing packed
    "generation:models": (None, ALL),
    "generation:model-document": (
        lambda s: s.master.pk,
        (404, 403, 403, 404, 403, 403, 403),
    ),  # none was stated
}

ACTIONS: Actions = {
    "generation:dataset-remove": (lambda s: (dataset(s), s.master.pk), 404, 404),
    "generation:dataset-export": (dataset, 404, 404),
    "generation:model-withdraw": (lambda s: s.master.pk, 403, 403),
    "generation:upload-rest": (lambda s: s.upload.pk, 403, 404),
    "generation:run-material": (lambda s: s.run.pk, 403, 404),
    "generation:take-material": (lambda s: s.take.pk, 403, 404),
    "generation:upload-material": (lambda s: s.upload.pk, 403, 404),
    "generation:upload-terms": (lambda s: s.upload.pk, 403, 404),
    "generation:tool-licence": (lambda s: "musicgen", 403, 403),
    "generation:terms-answer": (lambda s: ("suno-paid", 1), 403, 403),
    "generation:members": (lambda s: s.project.pk, 403, 404),
    "generation:member-remove": (lambda s: (s.project.pk, s.member.pk), 403, 404),
    "generation:take-decide": (lambda s: s.take.pk, 403, 404),
    "generation:take-heard": (
        lambda s: s.take.pk,
        400,
        404,
    ),  # a reader may listen; this says nothing that was heard
    "generation:arrangement-save": (lambda s: s.arrangement.pk, 403, 404),
    "generation:version-name": (lambda s: s.version.pk, 403, 404),
    "generation:render-new": (lambda s: s.version.pk, 403, 404),
    "generation:job-cancel": (lambda s: s.master.job_id, 403, 404),
    "generation:job-retry": (lambda s: s.master.job_id, 403, 404),
    "generation:queue-turn": (lambda s: s.master.job_id, 403, 404),
}
