import math
from dataclasses import replace

import pytest

from generation.engine.base import (
    BriefSpec,
    Capabilities,
    EngineError,
    EngineUnavailable,
    GenerationRequest,
    ParameterSpec,
    RequestRefused,
    check_request,
)

OFFER = Capabilities(
    name="x", version="1", title="Test engine", modes=("text_to_music",), min_duration_s=1, max_duration_s=60,
    max_variations=30, available=True, unavailable_reason="", needs_gpu=False, tool="x",
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
