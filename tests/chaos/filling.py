"""Run beside `up`: an artist with a project, a token for them, and jobs of the model process. Prints JSON."""

from __future__ import annotations

import json
import sys


def main(model_jobs: int) -> None:
    from django.db import transaction
    from knox.models import AuthToken

    from generation import services
    from provenance import jobs
    from provenance.ledger import Actor
    from tests.cast import make_cast

    cast = make_cast()
    project = services.create_project(title="In the storm", artist=cast.artist, actor=cast.mara)
    made = []
    for _ in range(model_jobs):
        with transaction.atomic():
            job = jobs.enqueue(
                "chaos.model",
                {"steps": 6, "step_s": 0.1},
                actor=Actor.system("chaos"),
                subject="",
                stream="project:chaos",
                title="model",
                share="artist:another",
                queue="gpu",
            )
        made.append(str(job.pk))
    print(
        json.dumps(
            {"project": str(project.pk), "token": AuthToken.objects.create(cast.mara)[1], "jobs": made}
        )
    )


if __name__ == "__main__":
    import django

    django.setup()
    main(int(sys.argv[1]))
