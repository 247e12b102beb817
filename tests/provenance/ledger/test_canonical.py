"""Canonical JSON: the fast way writes the same bytes as RFC 8785's own order and escapes."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import uuid

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from provenance import canonical, verifier
from provenance.errors import BadEvent

# Every character that may stand in an entry; those around the surrogates decide the order of names.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.sampled_from(
    [
        "\U0001f600",
        "\ufb33",
        "\ue000",
        "\ud7ff",
        "\x7f",
        "\x1f",
        "\u2028",
        "\\",
        '"',
        "\n\r\t\b\f",
        "é",
        "e\u0301",
        "/",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_the_fast_way_writes_what_rfc_8785_writes(value):
    data = canonical.encode(value)
    assert data == rfc8785.dumps(canonical.plain(value))
    assert canonical.encode(json.loads(data)) == data


@given(JSON)
def test_the_verifier_agrees_on_what_is_canonical(value):
    """Two writings of the rule, one of them without the other's code."""
    data = canonical.encode({"value": value})
    assert verifier.is_canonical(data, verifier.read_json(data, "it"))
    assert not verifier.is_canonical(data + b" ", verifier.read_json(data, "it"))


def test_the_example_of_rfc_8785_without_its_floats():
    # Section 3.2.3: names sorted by UTF-16 code units.
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    expected = [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]
    # NFC would take the Hebrew letter apart, so the order is looked at before that.
    assert list(json.loads(canonical.dumps(value)).values()) == expected


def test_text_is_nfc():
    assert canonical.encode("e\u0301") == '"é"'.encode()


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Colour.RED, '"red"'),
        (uuid.UUID(int=7), '"00000000-0000-0000-0000-000000000007"'),
        (decimal.Decimal("1.50"), '"1.50"'),
        (dt.date(2026, 11, 20), '"2026-11-20"'),
        (
            dt.datetime(2026, 11, 20, 12, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            '"2026-11-20T11:00:00.000000Z"',
        ),
        ((1, 2), "[1,2]"),
        ({"b", "a"}, '["a","b"]'),
        (True, "true"),
    ],
)
def test_python_values_become_plain_ones(value, expected):
    assert canonical.encode(value).decode() == expected


@given(st.floats())
def test_no_float_ever_gets_in(value):
    with pytest.raises(BadEvent, match="float"):
        canonical.encode({"x": [value]})


@given(JSON)
def test_canonical_bytes_are_read_back(value):
    data = canonical.encode(value)
    assert canonical.encode(canonical.decode(data)) == data


@given(JSON, st.data())
def test_the_quick_check_decides_as_the_long_way_does(value, draw):
    """Whatever a forger writes: changed bytes, other orders, escapes, spaces, duplicates, text in another form."""
    text = draw.draw(
        st.sampled_from(
            [
                json.dumps(value, ensure_ascii=True, separators=(",", ":")),
                json.dumps(value, ensure_ascii=False, separators=(",", ":")),
                json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
                json.dumps(value),
            ]
        )
    )
    data = text.encode("utf-8", errors="surrogatepass")
    if draw.draw(st.booleans()) and data:
        spot = draw.draw(st.integers(0, len(data) - 1))
        data = data[:spot] + draw.draw(st.binary(max_size=2)) + data[spot + 1 :]
    assert _reads(canonical.decode, data) == _reads(_the_long_way, data)


def _the_long_way(data: bytes) -> None:
    if canonical.dumps(canonical.plain(json.loads(data.decode()))) != data:
        raise BadEvent("not canonical")


def _reads(read, data: bytes) -> bool:
    try:
        read(data)
    except (BadEvent, ValueError, RecursionError):
        return False
    return True


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a": 1}', b'{"a":1}\n', b'{"a":1.0}', b'{"a":-0}', b'{"a":1e3}',
        b'{"a":9007199254740992}', b'{"a":NaN}', b'{"a":"\\u0000"}', b'{"a":"\\u0041"}', b'{"a":"\\/"}',
        b'{"a":"\\ud800"}', b'"e\xcc\x81"', b"\xff", b"", b'{"\\u00e9":1}', b"[" * 100_000,
        '{"\U0001d11e":1,"\ufb01":2}'.encode()[::-1], '{"\ufb01":2,"\U0001d11e":1}'.encode(),
    ],
)  # fmt: skip
def test_bytes_that_are_not_canonical_are_refused(data):
    with pytest.raises(BadEvent):
        canonical.decode(data)


def test_names_beyond_the_surrogates_block_are_ordered_by_utf_16_units():
    data = '{"\U0001d11e":1,"\ufb01":2}'.encode()
    assert canonical.decode(data) == {"\U0001d11e": 1, "\ufb01": 2}
