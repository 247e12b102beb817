"""AudioGen by audiocraft: sounds and places after a description. Its weights may not be used for sale.

The same model process module as MusicGen's, in a process of its own; no torch here.
"""

from collections.abc import Iterator

from generation.engine import audiocraft_models as models
from generation.engine.audiocraft import SAMPLING, frames_asked, job, offer
from generation.engine.audiocraft_models import AUDIOGEN
from generation.engine.base import (
    Capabilities,
    Engine,
    GenerationRequest,
    Listener,
    Made,
    ModeSpec,
    Progress,
    RequestRefused,
)
from generation.engine.checking import check_request
from generation.engine.host import ModelHost
from generation.modes import SOUND_EFFECTS

MAX_DURATION_S = 60.0
"""Beyond its window of 10 s the published model goes on in steps of 2 s, each of which hears the 8 s before it."""


class AudioGen:
    """Keeps the protocol of `base.Engine`. Takes are 16 kHz, one channel, as the published model makes them."""

    def __init__(self) -> None:
        self._host = ModelHost("generation.engine.musicgen", environment=models.environment(AUDIOGEN))

    def capabilities(self) -> Capabilities:
        modes = (ModeSpec(name=SOUND_EFFECTS),)
        return offer(AUDIOGEN, modes, models.usable(AUDIOGEN), SAMPLING, MAX_DURATION_S)

    def generate_audibly(
        self, request: GenerationRequest, progress: Progress, listener: Listener
    ) -> Iterator[Made]:
        """As `generate`; heard while it is made (see `Audiocraft.generate_audibly`)."""
        return self._generate(request, progress, listener)

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]:
        """Check the request at once, then return an iterator of takes, as `Audiocraft.generate` does.

        Raises:
            RequestRefused, EngineUnavailable: see `check_request`.
        """
        return self._generate(request, progress, None)

    def _generate(
        self, request: GenerationRequest, progress: Progress, listener: Listener | None
    ) -> Iterator[Made]:
        check_request(request, self.capabilities())
        if not request.prompt.strip():
            raise RequestRefused("prompt", "AudioGen reads the prompt and nothing else: write one.")
        name = request.parameters.get("model")
        usable = models.usable(AUDIOGEN)
        checkpoint = next(one for one in usable if name is None or one.name == name)
        return self._host.run(
            job(AUDIOGEN, request, checkpoint, SAMPLING), progress, total=frames_asked(request), listener=listener,
            memory_mb=models.memory_mb(AUDIOGEN, checkpoint),
        )  # fmt: skip

    @property
    def host(self) -> ModelHost:
        """The model's process, to look at or to end."""
        return self._host


def engine() -> Engine:
    """Return the AudioGen engine."""
    return AudioGen()
