"""Taking recordings apart: into stems by Demucs where its weights are, into harmonic and percussive parts without any.

This module imports no torch: it finds what is installed and hands requests to the model process (`host.py`,
`demucs_run.py`). Harmonic and percussive parts are made by librosa in the worker itself, and are no stems: nothing in
them tells instruments apart.
"""

import importlib.util
import os
from collections.abc import Iterator, Mapping

import numpy as np

from generation.audio.apart import exact, harmonic_percussive
from generation.engine import device, separators, weights
from generation.engine.base import (
    Capabilities,
    Engine,
    EngineUnavailable,
    GenerationOutput,
    GenerationRequest,
    Made,
    ModelSpec,
    ModeSpec,
    ParameterSpec,
    Progress,
    RequestRefused,
    StemAudio,
)
from generation.engine.checking import check_request
from generation.engine.host import ModelHost
from generation.engine.libraries import versions
from generation.engine.separators import ROLES, Separator
from generation.modes import SOURCE, STEMS

VERSION = "1"
WITHOUT_WEIGHTS = "harmonic-percussive"
TOOL, TOOL_WITHOUT_WEIGHTS = "htdemucs", "librosa"
SILENT = 10 ** (-60 / 20)
_MB = 2**20
_WORK_MB = 1_500
"""What a piece of eight seconds takes beside the weights, about."""
LIBRARIES = ("librosa", "scipy", "numpy")

# Published models: name, what they tell apart, where they are, about how large.
_PUBLISHED = (
    ("htdemucs", "Demucs: vocals, drums, bass, other", "adefossez/HTDemucs", 84_000_000),
    ("htdemucs_ft", "Demucs, fine-tuned: better and four times slower", "adefossez/HTDemucs-ft", 336_000_000),
    ("htdemucs_6s", "Demucs, six parts: guitar and piano, too", "adefossez/HTDemucs-6s", 55_000_000),
)  # fmt: skip


class Stems:
    """Keeps the protocol of `base.Engine`. Demucs stays warm in its own process between requests."""

    def __init__(self) -> None:
        self._host = ModelHost("generation.engine.demucs_run", environment=_model_environment)

    def capabilities(self) -> Capabilities:
        models = _models(separators.find(os.environ))
        present = [model for model in models if model.present]
        sources = {source for model in present if model.tool == TOOL for source in _sources(model.name)}
        return Capabilities(
            name="stems",
            version=VERSION,
            title="Stems",
            modes=(
                ModeSpec(
                    name=STEMS,
                    targets=tuple(role for name, (role, _) in ROLES.items() if name in sources),
                    chance=False,
                ),
            ),
            min_duration_s=0.5,
            max_duration_s=600.0,
            max_variations=1,
            available=True,
            unavailable_reason="",
            needs_gpu=False,
            tool=present[0].tool,
            parameters=(
                ParameterSpec(
                    name="model", title="Model", kind="choice", default=present[0].name,
                    choices=tuple(model.name for model in present),
                    help="Demucs tells instruments apart. Harmonic and percussive needs no weights: what sounds on, "
                    "and what strikes.",
                ),
                ParameterSpec(
                    name="passes", title="Passes", kind="int", default=1, minimum=1, maximum=10,
                    help="Demucs listens so many times, each time shifted a little, and takes the mean: a little "
                    "cleaner, and as many times slower.",
                ),
            ),
            models=models,
        )  # fmt: skip

    def generate(self, request: GenerationRequest, progress: Progress) -> Iterator[Made]:
        """Check the request at once, then return an iterator with the one take: the recording as it was given, bit by
        bit where it has 24 bits or less, with parts that sum to it exactly.

        With `targets` only these are taken out; the last part is what is left. `progress` counts pieces.

        Raises:
            RequestRefused, EngineUnavailable: see `check_request`; `silent` for a recording without sound.
        """
        capabilities = self.capabilities()
        check_request(request, capabilities)
        source = request.given(SOURCE)
        assert source is not None
        assert source.audio is not None
        if np.abs(source.audio).max() < SILENT:
            raise RequestRefused(
                "silent", "There is no sound in this recording to take apart. Choose another one."
            )
        name = str(request.parameters.get("model", capabilities.parameters[0].default))
        if name == WITHOUT_WEIGHTS:
            if request.targets:
                raise RequestRefused(
                    "targets",
                    "Without Demucs' weights no instruments are told apart: ask for no parts by name, and take the "
                    "harmonic and the percussive one.",
                )
            return _harmonic_percussive(request, progress)
        one = next(one for one in separators.find(os.environ) if one.name == name)
        passes = int(request.parameters.get("passes", 1))
        return self._host.run(
            _job(request, one, passes),
            progress,
            total=1,
            inputs=request.inputs,
            memory_mb=2 * one.size_bytes // _MB + _WORK_MB,
        )

    @property
    def host(self) -> ModelHost:
        """The model's process, to look at or to end."""
        return self._host


def engine() -> Engine:
    """Return the engine that takes recordings apart."""
    return Stems()


def _harmonic_percussive(request: GenerationRequest, progress: Progress) -> Iterator[Made]:
    source = request.given(SOURCE)
    assert source is not None
    assert source.audio is not None
    _, percussive = harmonic_percussive(source.audio, progress)
    made = exact(source.audio, [percussive])
    seed = request.seeds[0]
    yield GenerationOutput(
        index=0,
        seed=seed,
        audio=made.mix,
        sample_rate_hz=source.sample_rate_hz,
        stems=(
            StemAudio(role="percussion", name="Percussive part", audio=made.parts[0]),
            StemAudio(role="other", name="Harmonic part", audio=made.parts[1]),
        ),
        facts={
            "engine": "stems",
            "engine_version": VERSION,
            "model": WITHOUT_WEIGHTS,
            "model_sha256": "",
            "weights_sha256": "",
            "method": "median filters over the spectrum (librosa.decompose.hpss); tells no instruments apart",
            "mode": request.mode,
            "seed": seed,
            "device": "cpu",
            "precision": "float32",
            "gain_millibel": round(made.gain_db * 100),
            **versions(LIBRARIES),
        },
    )


def _models(found: list[Separator]) -> tuple[ModelSpec, ...]:
    """Those here first, the plainest of Demucs before others; then what needs no weights; then what it would take."""
    installed = (
        importlib.util.find_spec("demucs") is not None and importlib.util.find_spec("torch") is not None
    )
    usable = [one for one in found if installed and not one.problem]
    usable.sort(key=lambda one: (one.name != "htdemucs", one.name))
    sources = {name: (title, repository) for name, title, repository, _ in _PUBLISHED}
    specs = [
        ModelSpec(
            name=one.name, title=sources.get(one.name, (f"Demucs: {', '.join(one.sources)}", ""))[0], tool=TOOL,
            licence="MIT", size_bytes=one.size_bytes, source=sources.get(one.name, ("", ""))[1], present=True,
            sha256=_pinned(one), trusted=weights.trusted(os.environ, one.name),
        )
        for one in usable
    ]  # fmt: skip
    specs.append(
        ModelSpec(
            name=WITHOUT_WEIGHTS, title="Harmonic and percussive, without weights", tool=TOOL_WITHOUT_WEIGHTS,
            licence="ISC", size_bytes=0, source="librosa", present=True,
        )
    )  # fmt: skip
    broken = {one.name: one for one in found if one.problem}
    known = {one.name for one in usable}
    specs += [
        ModelSpec(
            name=name, title=title, tool=TOOL, licence="MIT", size_bytes=size, source=repository, present=False,
            reason=_missing(name, repository, size, installed=installed, broken=broken.get(name)),
        )
        for name, title, repository, size in _PUBLISHED
        if name not in known
    ]  # fmt: skip
    published = {name for name, *_ in _PUBLISHED}
    specs += [
        ModelSpec(
            name=one.name, title="Demucs", tool=TOOL, licence="MIT", size_bytes=0, source="", present=False,
            reason=f"{one.folder} cannot be used: {one.problem}. Download the model again.",
        )
        for one in broken.values()
        if one.name not in published
    ]  # fmt: skip
    return tuple(specs)


def _missing(name: str, repository: str, size: int, *, installed: bool, broken: Separator | None) -> str:
    """What to do so that this model can be used."""
    if not installed:
        return (
            "Demucs needs the engines extra. Stop Deadwax and start it with `python3 manage.py up --engines` (1 GB on "
            "disk, about 4 GB more where torch comes with CUDA)."
        )
    place = weights.models_folder(os.environ) / name
    what = (
        f"{place} cannot be used: {broken.problem}. " if broken else f"The weights of {name} are not here. "
    )
    return (
        f"{what}Download them (about {size / 1e9:.1f} GB, MIT) with "
        f"`{weights.download_tool()} download {repository} --local-dir {place}`, then start Deadwax again."
    )


def _pinned(one: Separator) -> str:
    """The digest that a model of one file must have, where one is promised."""
    return weights.promised_sha256(one.files[0]) or "" if len(one.files) == 1 else ""


def _sources(name: str) -> tuple[str, ...]:
    return separators.SIX if "6s" in name else separators.FOUR


def _job(request: GenerationRequest, one: Separator, passes: int) -> dict[str, object]:
    """The request as the model process reads it: plain data."""
    if importlib.util.find_spec("demucs") is None:
        raise EngineUnavailable(
            "engine_unavailable", "Demucs is not installed any more. Start Deadwax again."
        )
    return {
        "mode": request.mode,
        "seed": request.seeds[0],
        "targets": list(request.targets),
        "passes": passes,
        "device": device.device(),
        "model": {
            "name": one.name,
            "folder": str(one.folder),
            "trusted": weights.trusted(os.environ, one.name),
        },
    }


def _model_environment() -> Mapping[str, str]:
    """What must be set before the libraries are imported: no network."""
    return {
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore",
        "TQDM_DISABLE": "1",
    }
