"""The sketch engine: music by rules and chance, as notes and as stems from a soundfont. Needs no weights and no GPU.

It reads the brief; of the prompt's text it takes genre, mood, tempo, key, metre and instruments where the brief leaves
them open. All takes of a request share key, tempo and form, so that their stems fit together.
"""

from collections.abc import Iterator

from generation.engine import sketch_composing, sketch_modes
from generation.engine.base import Capabilities, Engine, GenerationRequest, Made, Progress, RequestRefused
from generation.engine.checking import check_request
from generation.engine.sketch_notes import Reworker
from generation.engine.sketch_takes import VERSION, takes
from generation.modes import CONTINUE_NOTES, HUMANISE, PLAY_NOTES, VARY
from generation.symbolic import render
from generation.symbolic.theory import BadTheory

REWORKING = (CONTINUE_NOTES, VARY, HUMANISE, PLAY_NOTES)


class Sketch:
    """Keeps the protocol of `base.Engine`; holds no state between requests."""

    def capabilities(self) -> Capabilities:
        reason = ""
        try:
            render.soundfont_path()
        except render.SoundfontMissing as error:
            reason = str(error)
        return Capabilities(
            name="sketch",
            version=VERSION,
            title="Sketch",
            modes=sketch_modes.MODES,
            min_duration_s=1.0,
            max_duration_s=300.0,
            max_variations=30,
            available=not reason,
            unavailable_reason=reason,
            needs_gpu=False,
            tool="sketch",
            parameters=sketch_modes.PARAMETERS,
        )

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]:
        """Check the request and read what it is given at once, then return an iterator of takes in the seeds' order.

        `progress` counts one step for the notes, one for each part and one for the mix of every take.

        Raises:
            RequestRefused, EngineUnavailable: see `check_request`.
        """
        check_request(request, self.capabilities())
        try:
            writer = Reworker(request) if request.mode in REWORKING else sketch_composing.writer(request)
        except BadTheory as error:
            raise RequestRefused(error.code, error.message) from error
        return takes(request.seeds, writer, parts=writer.parts, progress=progress)


def engine() -> Engine:
    """Return the sketch engine."""
    return Sketch()
