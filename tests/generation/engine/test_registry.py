import subprocess
import sys

import pytest

from generation.engine import registry
from generation.engine.base import RequestRefused


def test_every_engine_is_listed_ready_or_with_its_reason() -> None:
    offers = {offer.name: offer for offer in registry.all_capabilities()}
    assert {"sketch", "audiocraft", "acestep", "stable-audio"} <= set(offers)
    assert offers["sketch"].available
    assert all(offer.available or offer.unavailable_reason for offer in offers.values())


def test_an_unknown_engine_is_refused_with_the_list() -> None:
    with pytest.raises(RequestRefused, match="choose one of: sketch, audiocraft"):
        registry.engine("../../etc/passwd")


def test_an_engine_is_loaded_once() -> None:
    assert registry.engine("sketch") is registry.engine("sketch")


def test_the_registry_and_the_sketch_engine_load_neither_torch_nor_django() -> None:
    code = (
        "import sys; from generation.engine import registry; early = set(sys.modules);"
        "registry.engine('sketch').capabilities();"
        "assert 'generation.engine.sketch' not in early;"
        "bad = {'torch', 'audiocraft', 'django', 'librosa', 'numba'} & set(sys.modules); assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
