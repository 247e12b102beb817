"""The little of DER that time-stamp tokens need beyond their library. Pure.

Many authorities write the certificates of a token (a SET OF) in an order of their own, which strict DER forbids and
`rfc3161-client` refuses. The set is not covered by the signature, so sorting it changes nothing that is proven; the
bytes that are stored stay those that came.
"""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 1 << 20
_SEQUENCE: Final = 0x30
_EXPLICIT_0: Final = 0xA0


class DerError(ValueError):
    """Bytes that are not the DER of a CMS SignedData."""


def header(content_length: int, tag: int = _SEQUENCE) -> bytes:
    """Tag and length of an element."""
    if content_length < 0x80:
        return bytes([tag, content_length])
    length = content_length.to_bytes((content_length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length


def wrap(content: bytes, tag: int = _SEQUENCE) -> bytes:
    return header(len(content), tag) + content


def elements(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """The elements that `data` is made of, as (tag, content, whole bytes). Raises DerError."""
    found, start = [], 0
    while start < len(data):
        content, end = _bounds(data, start)
        found.append((data[start], data[content:end], data[start:end]))
        start = end
    return found


def granted(token: bytes) -> bytes:
    """A TimeStampResp of status `granted` (RFC 3161, 2.4.2) around a token, its certificates in DER's order."""
    return wrap(b"\x30\x03\x02\x01\x00" + sorted_certificates(token))


def token_of(response: bytes) -> bytes | None:
    """The token in a TimeStampResp as it came; None where there is none. Raises DerError."""
    whole = _only(response, _SEQUENCE)
    parts = elements(whole)
    if not parts or parts[0][0] != _SEQUENCE or len(parts) > 2:
        raise DerError("it is not a time-stamp response")
    return parts[1][2] if len(parts) == 2 else None


def sorted_certificates(token: bytes) -> bytes:
    """The same CMS SignedData (RFC 5652, 5.1) with its certificate set in DER's order. Raises DerError."""
    content_info = elements(_only(token, _SEQUENCE))
    if len(content_info) != 2 or content_info[1][0] != _EXPLICIT_0:
        raise DerError("it is not a CMS message")
    signed = elements(_only(content_info[1][1], _SEQUENCE))
    # version, digestAlgorithms, encapContentInfo, then certificates as [0] if there are any.
    if len(signed) < 5 or signed[3][0] != _EXPLICIT_0:
        return token
    certificates = sorted(whole for _, _, whole in elements(signed[3][1]))
    parts = [whole for _, _, whole in signed]
    parts[3] = wrap(b"".join(certificates), _EXPLICIT_0)
    inner = wrap(b"".join(parts))
    return wrap(content_info[0][2] + wrap(inner, _EXPLICIT_0))


def _only(data: bytes, tag: int) -> bytes:
    parts = elements(data)
    if len(parts) != 1 or parts[0][0] != tag:
        raise DerError("it is not one DER element of the expected kind")
    return parts[0][1]


def _bounds(data: bytes, start: int) -> tuple[int, int]:
    """Where the content of the element at `start` begins and ends."""
    if len(data) > MAX_BYTES:
        raise DerError(f"it has more than {MAX_BYTES} bytes")
    if start + 2 > len(data) or data[start] & 0x1F == 0x1F:
        raise DerError("it is cut off or has a tag of several bytes")
    length, content = data[start + 1], start + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or content + count > len(data):
            raise DerError("it has a length that DER does not allow (indefinite, too long or cut off)")
        length = int.from_bytes(data[content : content + count], "big")
        content += count
    if content + length > len(data):
        raise DerError("it is cut off")
    return content, content + length
