"""What somebody else has to allow before a model is given their sound: licences of third parties, voices, likenesses.

It counts wherever it sounds: a stem, a render or a take that was made from somebody else's recording is asked about
like the recording itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from artists.models import Consent, ConsentUse
from artists.services import consents
from generation.errors import BadValue, NotPossible
from generation.models import Project, PromptRun, Upload
from generation.modes import AUDIO, Mode
from generation.services import model_origins
from generation.services.givens import Resolved
from generation.services.resting import sampled
from provenance.queries import bodies_for_assets

VOICES: Final = frozenset({"lead_vocal", "backing_vocal"})
#: How such a use is called where consents are looked up (`artists.services.consents.NEEDED`).
VOICE_USE: Final = "voice_reference"


def foreign_inside(project: Project, given: Sequence[Resolved]) -> dict[int, list[Upload]]:
    """Place among *given* -> somebody else's recordings that sound in it."""
    theirs = list(
        Upload.objects.filter(
            project__artist=project.artist_id, declared=Upload.Declared.THIRD_PARTY
        ).select_related("asset", "midi")
    )
    if not theirs:
        return {}
    found: dict[int, list[Upload]] = {}
    made = []
    for place, one in enumerate(given):
        if one.thing.upload is not None:
            found[place] = [row for row in theirs if row.pk == one.thing.upload.pk]
        else:
            made.append((place, one))
    walked = bodies_for_assets((one.asset.sha256, one.thing.project.stream) for _, one in made)
    for (place, _), bodies in zip(made, walked, strict=True):
        inside = {ref.sha256 for body in bodies for ref in (*body.inputs, *body.outputs)}
        found[place] = [
            row
            for row in theirs
            if row.asset.sha256 in inside or (row.midi is not None and row.midi.sha256 in inside)
        ]
    return found


def check_licences(
    given: Sequence[Resolved], foreign: dict[int, list[Upload]], *, tools: Collection[str]
) -> tuple[Consent, ...]:
    """The consents for sampling that stand in the place of licences, when all of it may be given to a trained model.

    Raises `BadValue` on the role that it is about.
    """
    standing = sampled(
        [row for rows in foreign.values() for row in rows if not row.may_be_input], engines=tools
    )
    for place, uploads in foreign.items():
        for upload in uploads:
            if upload.may_be_input or upload.pk in standing:
                continue
            inside = (
                "" if given[place].thing.upload is not None else f", and it sounds in the {given[place].role}"
            )
            raise BadValue(
                f"“{upload.name}” is somebody else's{inside}: its licence does not cover giving it to AI tools. Bring "
                "it in anew with a licence that does, get a consent for sampling and say on its page that it stands on "
                "it, or use an engine of rules and chance.",
                field=given[place].role,
                code="not_licensed_as_input",
            )
    return tuple(standing.values())


def consents_for(mode: Mode, given: Sequence[Resolved], foreign: dict[int, list[Upload]]) -> tuple[str, ...]:
    """The uses that need a consent: a model that hears somebody else's voice may come to sing like it."""
    if not mode.creates:
        return ()
    voices = any(
        upload.role in VOICES and given[place].kind == AUDIO
        for place, uploads in foreign.items()
        for upload in uploads
    )
    return (VOICE_USE,) if voices else ()


OTHER_WEIGHTS: Final = (
    "The weights under this name are not those of which it was said what they were made from. Say it of these under "
    "Tools, Models of our own, or put the others back."
)


def require_still(run: PromptRun) -> str:
    """Return while a run may still be made: the digest that its weights must have, empty where none is stated.

    Raises `NotPossible` where somebody who had agreed does so no longer.
    """
    uses = ConsentUse.objects.filter(ref=f"run:{run.pk}").select_related("consent__artist", "consent__entry")
    for use in uses:
        # Of a model's consents another one may stand in; its origin is asked below.
        if use.consent.kind != Consent.Kind.TRAINING and not consents.in_force(use.consent):
            what = use.consent.get_kind_display().lower()
            raise NotPossible(
                f"The consent for {what} under which this was asked for no longer holds. Ask for it on "
                f"{use.consent.artist.name}'s page of consents, then ask again."
            )
    return model_origins.require_still(run)
