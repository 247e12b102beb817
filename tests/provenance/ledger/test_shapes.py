"""A body that a known shape reads is canonical, and says what the JSON reader reads in it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from provenance import canonical, shapes
from tests.provenance.ledger.test_canonical import JSON, TEXT

HEX = st.text("0123456789abcdef", min_size=4, max_size=4)
REFS = st.lists(st.fixed_dictionaries({"role": TEXT, "sha256": HEX}), max_size=2)
BODIES = st.fixed_dictionaries(
    {
        "actor": st.fixed_dictionaries({"id": TEXT, "type": TEXT}, optional={"name": HEX}),
        "at": TEXT,
        "authorship": JSON,
        "basis": TEXT,
        "inputs": REFS,
        "kind": TEXT,
        "outputs": REFS,
        "private": st.dictionaries(TEXT, HEX, max_size=3),
        "public": st.dictionaries(TEXT, JSON, max_size=3),
        "stream": TEXT,
        "subjects": st.lists(TEXT, max_size=3),
        "v": st.just(1),
    }
)


def taught(body) -> shapes.Shapes:
    known = shapes.Shapes()
    data = canonical.encode(body)
    for _ in range(16):
        known.learn("kind", canonical.decode(data), len(data))
    return known


def the_long_way(data: bytes):
    body = canonical.decode(data)
    actor = body["actor"]
    columns = [actor["id"], actor["type"], body["at"], body["basis"], body["kind"], body["stream"]]
    assets = [f"asset:{ref['sha256']}" for ref in (*body["inputs"], *body["outputs"])]
    return columns, [*body["subjects"], *assets], body["private"]


def changed(value, draw):
    """The same names with other values, sometimes of another type."""
    if isinstance(value, dict):
        return {name: changed(inner, draw) for name, inner in value.items()}
    if isinstance(value, list):
        return [changed(inner, draw) for inner in value]
    return draw(st.just(value) | st.just(value) | TEXT | JSON)


@given(BODIES, st.data())
def test_what_fits_a_shape_is_canonical_and_read_alike(body, data):
    """Whatever a forger writes into the places of a known shape, or over its bytes."""
    draw = data.draw
    value = changed(body, draw)
    text = draw(
        st.sampled_from(
            [
                canonical.encode(value).decode(),
                json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
                json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True),
                json.dumps(value),
            ]
        )
    )
    forged = text.encode("utf-8", errors="surrogatepass")
    if draw(st.booleans()):
        spot = draw(st.integers(0, len(forged) - 1))
        forged = forged[:spot] + draw(st.binary(max_size=2)) + forged[spot + draw(st.integers(0, 1)) :]
    said = taught(body).read("kind", forged)
    if said is not None:
        assert said == the_long_way(forged)


BODY = {
    "actor": {"id": "a", "type": "worker"},
    "at": "2026",
    "authorship": None,
    "basis": "observed",
    "inputs": [{"role": "mix", "sha256": "ab"}],
    "kind": "k",
    "outputs": [],
    "private": {"reason": "cd", "é": "ef"},
    "public": {"number": 7, "yes": True},
    "stream": "s",
    "subjects": ["s", "t"],
    "v": 1,
}


def test_the_shape_holds_for_other_values_and_nothing_else():
    known = taught(BODY)
    read = lambda text: known.read("kind", text.encode())  # noqa: E731
    text = canonical.encode(BODY).decode()
    assert read(text) == (
        ["a", "worker", "2026", "observed", "k", "s"],
        ["s", "t", "asset:ab"],
        BODY["private"],
    )
    assert read(text.replace('"a"', '"ä"'))[0][0] == "ä"
    assert read(text.replace(":7", f":{10**15 - 1}")) is not None
    assert read(text.replace("true", "null")) is not None
    for old, new in [
        ('"a"', '"a\u0308"'),  # not NFC
        ('"a"', '"\\u0061"'),
        ('"a"', '"a\x01"'),
        ('"a"', '"a\n"'),
        ('"a"', '"a","b":"c"'),
        (":7", ":07"),
        (":7", ":-0"),
        (":7", ":7.0"),
        (":7", ":7e1"),
        (":7", f":{2**53}"),
        (":7", ":٧"),
        (":7", ": 7"),
        ("true", '"true"'),
        ('"t"', '"t","u"'),
    ]:
        assert read(text.replace(old, new)) is None, new
    assert read(text + "\n") is None
    assert known.read("kind", text.encode() + b"\xff") is None
    assert known.read("another", text.encode()) is None


def test_only_what_comes_again_is_learnt():
    known, data = shapes.Shapes(), canonical.encode(BODY)
    for _ in range(15):
        known.learn("kind", canonical.decode(data), len(data))
        assert known.read("kind", data) is None
    known.learn("kind", canonical.decode(data), len(data))
    assert known.read("kind", data) is not None
    for odd in ({}, {**BODY, "subjects": "s"}, {**BODY, "inputs": ["x"]}, {**BODY, "private": {"a": 1}}):
        assert taught(odd).read("kind", canonical.encode(odd)) is None
