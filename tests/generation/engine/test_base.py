import math
from dataclasses import replace

import numpy as np
import pytest

from generation.engine.base import (
    BriefSpec,
    Capabilities,
    EngineError,
    EngineUnavailable,
    GenerationRequest,
    GivenInput,
    ModeSpec,
    ParameterSpec,
    RequestRefused,
)
from generation.engine.checking import check_request

OFFER = Capabilities(
    name="x", version="1", title="Test engine", modes=(ModeSpec(name="text_to_music"),),
    min_duration_s=1, max_duration_s=60, max_variations=30, available=True, unavailable_reason="",
    needs_gpu=False, tool="x",
    parameters=(
        ParameterSpec(name="depth", title="Depth", kind="int", default=2, minimum=1, maximum=8, help=""),
        ParameterSpec(name="warmth", title="Warmth", kind="float", default=None, minimum=0, maximum=1, help=""),
        ParameterSpec(name="dry", title="Dry", kind="bool", default=False, help=""),
        ParameterSpec(name="size", title="Size", kind="choice", default="small", choices=("small", "large"), help=""),
    ),
)  # fmt: skip
REQUEST = GenerationRequest(mode="text_to_music", prompt="warm", duration_s=10.0, seeds=(1, 2))


def test_a_plain_request_passes() -> None:
    check_request(REQUEST, OFFER)
    full = BriefSpec(
        genre="pop",
        mood="",
        tempo_bpm=20,
        key="Bb minor",
        metre="7/8",
        structure=("A",),
        energy=(0, 1),
        avoid=("x",),
    )
    values = {"depth": 8, "warmth": 0.5, "dry": True, "size": "large"}
    check_request(replace(REQUEST, seeds=tuple(range(30)), brief=full, parameters=values), OFFER)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"mode": "repaint"}, "mode", "choose one of: text_to_music"),
        ({"prompt": "a\0b"}, "prompt", "remove it"),
        ({"prompt": "x" * 5_000}, "prompt", "shorten it"),
        ({"prompt": None}, "prompt", "must be text"),
        ({"duration_s": 0}, "duration", "1 to 60 seconds"),
        ({"duration_s": -3.0}, "duration", "1 to 60 seconds"),
        ({"duration_s": math.nan}, "duration", "1 to 60 seconds"),
        ({"duration_s": math.inf}, "duration", "1 to 60 seconds"),
        ({"duration_s": None}, "duration", "1 to 60 seconds"),
        ({"duration_s": True}, "duration", "1 to 60 seconds"),
        ({"duration_s": 28_800}, "duration", "1 to 60 seconds"),
        ({"seeds": ()}, "seeds", "1 to 30 variations"),
        ({"seeds": tuple(range(31))}, "seeds", "1 to 30 variations; this request has 31"),
        ({"seeds": (1, 1)}, "seeds", "its own seed"),
        ({"seeds": (-1,)}, "seeds", "whole number"),
        ({"seeds": (2**63,)}, "seeds", "whole number"),
        ({"seeds": (1.5,)}, "seeds", "whole number"),
        ({"parameters": {"nonsense": 1}}, "parameter", "choose among: depth"),
        ({"parameters": {"depth": 2.5}}, "parameter", "a whole number from 1 to 8"),
        ({"parameters": {"depth": 9}}, "parameter", "from 1 to 8"),
        ({"parameters": {"warmth": math.nan}}, "parameter", "from 0 to 1"),
        ({"parameters": {"warmth": "hot"}}, "parameter", "from 0 to 1"),
        ({"parameters": {"warmth": None}}, "parameter", "from 0 to 1"),
        ({"parameters": {"dry": 1}}, "parameter", "on or off"),
        ({"parameters": {"size": "huge"}}, "parameter", "one of: small, large"),
        ({"brief": BriefSpec(tempo_bpm=0)}, "tempo", "between 20 and 300"),
        ({"brief": BriefSpec(tempo_bpm=19.9)}, "tempo", "between 20 and 300"),
        ({"brief": BriefSpec(tempo_bpm=300.1)}, "tempo", "between 20 and 300"),
        ({"brief": BriefSpec(tempo_bpm=math.nan)}, "tempo", "between 20 and 300"),
        ({"brief": BriefSpec(key="H minor")}, "key", "such as"),
        ({"brief": BriefSpec(metre="13/16")}, "metre", "Choose one of"),
        ({"brief": BriefSpec(energy=(0.5, 1.01))}, "energy", "between 0 and 1"),
        ({"brief": BriefSpec(energy=(math.nan,))}, "energy", "between 0 and 1"),
        ({"brief": BriefSpec(energy=(0.5,) * 65)}, "energy", "at most 64"),
        ({"brief": BriefSpec(structure=("A",) * 65)}, "structure", "at most 64"),
        ({"brief": BriefSpec(structure="ABA")}, "structure", "as a list"),
        ({"brief": BriefSpec(avoid=("no\0drums",))}, "avoid", "NUL"),
        ({"brief": BriefSpec(genre=None)}, "genre", "must be text"),
    ],
)  # fmt: skip
def test_a_bad_request_is_refused_and_told_what_to_change(
    change: dict[str, object], code: str, words: str
) -> None:
    with pytest.raises(RequestRefused) as caught:
        check_request(replace(REQUEST, **change), OFFER)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert words in caught.value.message
    assert isinstance(caught.value, EngineError)
    assert not caught.value.retryable


def test_an_engine_that_is_not_there_says_why() -> None:
    with pytest.raises(EngineUnavailable, match="weights are missing"):
        check_request(REQUEST, replace(OFFER, available=False, unavailable_reason="The weights are missing."))


# -- what modes are given ----------------------------------------------------------------------------------------------

RATE_HZ = 8_000
EVERYTHING = replace(
    OFFER,
    modes=(
        ModeSpec(name="section_replacement", parameters=("depth",), negative_prompt=True),
        ModeSpec(name="melody_guided", inputs={"melody": ("audio",)}),
        ModeSpec(name="lyrics_to_song", languages=("en", "de")),
        ModeSpec(name="stem_separation", targets=("drums", "bass"), chance=False),
        ModeSpec(name="accompaniment"),
    ),
)


def sound(seconds: float, role: str = "source", channels: int = 1) -> GivenInput:
    audio = np.zeros((channels, round(seconds * RATE_HZ)), dtype=np.float32)
    return GivenInput(role=role, sha256="0" * 64, audio=audio, sample_rate_hz=RATE_HZ)


def asked(mode: str, **change: object) -> GenerationRequest:
    return replace(REQUEST, mode=mode, seeds=(1,), **change)  # type: ignore[arg-type]


def test_what_a_mode_is_given_passes() -> None:
    notes = GivenInput(role="notes", sha256="0" * 64, notes=b"MThd")
    for request in (
        asked("section_replacement", inputs=(sound(8),), section_s=(2.0, 4.0), negative_prompt="voices"),
        asked("section_replacement", inputs=(sound(8),), section_s=(2.0, 4.0), duration_s=0.0),
        asked("melody_guided", inputs=(sound(3, "melody", 2),)),
        asked("lyrics_to_song", lyrics="la la", language="de"),
        asked("stem_separation", inputs=(sound(8),), targets=("bass",)),
        asked("accompaniment", inputs=(notes,)),
        asked("accompaniment", chords="Dm | Bb | F | C"),
    ):
        check_request(request, EVERYTHING)


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (asked("section_replacement", section_s=(1, 2)), "inputs", "needs a source"),
        (asked("section_replacement", inputs=(sound(8),)), "section", "from where to where"),
        (asked("section_replacement", inputs=(sound(8),), section_s=(6.0, 9.0)), "section", "end of the source at 8.0"),
        (asked("section_replacement", inputs=(sound(8),), section_s=(4.0, 4.0)), "section", "ends after it starts"),
        (asked("section_replacement", inputs=(sound(8),), section_s=(math.nan, 4.0)), "section", "ends after"),
        (asked("section_replacement", inputs=(sound(1),), section_s=(0.1, 0.5)), "inputs", "2 to 600 seconds"),
        (asked("section_replacement", inputs=(sound(8), sound(8)), section_s=(1, 2)), "inputs", "no second source"),
        (asked("section_replacement", inputs=(sound(8),), section_s=(1, 2), parameters={"dry": True}), "parameter",
         "choose among: depth"),
        (asked("melody_guided", inputs=(sound(0.2, "melody"),)), "inputs", "0.2 seconds long"),
        (asked("melody_guided", inputs=(sound(1200, "melody"),)), "inputs", "1200.0 seconds long"),
        (asked("melody_guided", inputs=(sound(3, "reference"),)), "inputs", "takes no reference"),
        (asked("melody_guided", inputs=(GivenInput(role="melody", sha256="", notes=b"MThd"),)), "inputs", "as audio"),
        (asked("melody_guided", inputs=(GivenInput(role="melody", sha256=""),)), "inputs", "sound or as notes"),
        (asked("melody_guided", inputs=(sound(3, "melody"),), negative_prompt="x"), "negative_prompt", "leave it"),
        (asked("melody_guided", inputs=(sound(3, "melody"),), section_s=(0, 1)), "section", "takes no section"),
        (asked("melody_guided", inputs=(sound(3, "melody"),), lyrics="la"), "lyrics", "leave it empty"),
        (asked("lyrics_to_song", lyrics=" "), "lyrics", "Write the words"),
        (asked("lyrics_to_song", lyrics="la" * 50_000), "lyrics", "shorten it"),
        (asked("lyrics_to_song", lyrics="la", language="tlh"), "language", "it offers: en, de"),
        (asked("stem_separation", inputs=(sound(8),), targets=("kazoo",)), "targets", "drums, bass"),
        (replace(asked("stem_separation", inputs=(sound(8),)), seeds=(1, 2)), "seeds", "1 to 1"),
        (asked("accompaniment", inputs=(GivenInput(role="notes", sha256="", notes=b"x" * (5 << 20)),)), "inputs",
         "4 MB"),
    ],
)  # fmt: skip
def test_what_does_not_fit_a_mode_is_refused(request_: GenerationRequest, code: str, words: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        check_request(request_, EVERYTHING)
    assert (caught.value.code, words in caught.value.message) == (code, True), caught.value.message


def test_sound_that_is_no_sound_is_refused() -> None:
    broken = sound(3, "melody")
    assert broken.audio is not None
    broken.audio[0, 5] = np.nan
    with pytest.raises(RequestRefused, match="no sound"):
        check_request(asked("melody_guided", inputs=(broken,)), EVERYTHING)
