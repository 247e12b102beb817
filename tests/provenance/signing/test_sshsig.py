"""SSHSIG against the real thing: `ssh-keygen -Y sign` and `-Y verify`."""

from __future__ import annotations

import base64
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from provenance.signing import NAMESPACE, SigningError, parse_armor, sign_ssh
from tests.support import needs

MESSAGE = b'{"domain":"deadwax/person-signature/v1"}'
#: Made once with OpenSSH 9.2: ssh-keygen -t ed25519, then -Y sign -n person-signature@deadwax over MESSAGE.
KNOWN_KEY = "bd889fcebca350b4cf68e72382390be3572491949b6b2f092c7eae246e43584f"
KNOWN = """\
-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgvYifzryjULTPaOcjgjkL41ckkZ
Sbay8JLH6uJG5DWE8AAAAYcGVyc29uLXNpZ25hdHVyZUBkZWFkd2F4AAAAAAAAAAZzaGE1
MTIAAABTAAAAC3NzaC1lZDI1NTE5AAAAQIo7fHN1DTb+oVZFMegqqFIdjmqOsYrW+k7j8F
0erDqw9ZVuVRg/uFpRSMoHiHBTRVsDFxzUQp0+VUK9lXObCgE=
-----END SSH SIGNATURE-----
"""
TYPES = {"ed25519": ("-t", "ed25519"), "es256": ("-t", "ecdsa", "-b", "256")}


def keygen(folder, *options, name="id"):
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", *options, "-N", "", "-C", "", "-f", str(path)], check=True)
    return path


def sign(key, message, *, namespace=NAMESPACE, options=()):
    file = key.with_name("message")
    file.write_bytes(message)
    subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-f", str(key), "-n", namespace, *options, str(file)], check=True,
        capture_output=True,
    )  # fmt: skip
    sig = file.with_name("message.sig")
    text = sig.read_text()
    sig.unlink()
    return text


def test_a_known_answer():
    found = parse_armor(KNOWN)
    assert (found.key.algorithm, found.key.raw.hex(), found.hash_name) == ("ed25519", KNOWN_KEY, "sha512")
    found.check(MESSAGE)
    with pytest.raises(SigningError, match="does not fit"):
        found.check(MESSAGE + b" ")


@needs("ssh-keygen")
@pytest.mark.parametrize("algorithm", TYPES)
@pytest.mark.parametrize("hash_name", ["sha512", "sha256"])
def test_what_ssh_keygen_signs_holds_and_nothing_else(tmp_path, algorithm, hash_name):
    key = keygen(tmp_path, *TYPES[algorithm])
    found = parse_armor(sign(key, MESSAGE, options=("-O", f"hashalg={hash_name}")))
    assert (found.key.algorithm, found.hash_name) == (algorithm, hash_name)
    blob = base64.b64decode(key.with_suffix(".pub").read_text().split()[1])
    assert blob.endswith(found.key.raw)
    found.check(MESSAGE)
    with pytest.raises(SigningError, match="does not fit"):
        found.check(b"another payload")


@needs("ssh-keygen")
def test_another_namespace_is_refused(tmp_path):
    key = keygen(tmp_path, *TYPES["ed25519"])
    with pytest.raises(SigningError, match="sign with -n person-signature@deadwax"):
        parse_armor(sign(key, MESSAGE, namespace="git")).check(MESSAGE)


@needs("ssh-keygen")
@pytest.mark.parametrize("options", [("-t", "rsa", "-b", "2048"), ("-t", "ecdsa", "-b", "384")])
def test_other_kinds_of_keys_are_refused_with_what_to_do(tmp_path, options):
    key = keygen(tmp_path, *options)
    with pytest.raises(SigningError, match="use ssh-ed25519"):
        parse_armor(sign(key, MESSAGE))


@needs("ssh-keygen")
def test_ssh_keygen_takes_what_our_software_key_signs(tmp_path):
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    (tmp_path / "allowed").write_text(f"mara {public}\n")
    (tmp_path / "sig").write_text(sign_ssh(MESSAGE, private))
    subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "allowed"), "-I", "mara", "-n", NAMESPACE, "-s",
         str(tmp_path / "sig")],
        input=MESSAGE, check=True, capture_output=True,
    )  # fmt: skip
    parse_armor(sign_ssh(MESSAGE, private)).check(MESSAGE)


def test_a_changed_byte_anywhere_is_refused():
    lines = KNOWN.strip().splitlines()
    blob = base64.b64decode("".join(lines[1:-1]))
    for at in range(len(blob)):
        changed = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        coded = base64.b64encode(changed).decode()
        with pytest.raises(SigningError):
            parse_armor("\n".join([lines[0], coded, lines[-1]])).check(MESSAGE)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data):
    body = base64.b64encode(b"SSHSIG\x00\x00\x00\x01" + data).decode()
    with pytest.raises(SigningError):
        parse_armor(f"-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n")


@pytest.mark.parametrize(
    "text", ["", "-----BEGIN SSH SIGNATURE-----", "x" * 5000, "-----BEGIN PGP SIGNATURE-----\na\nb"]
)
def test_text_that_is_no_signature_is_refused(text):
    with pytest.raises(SigningError):
        parse_armor(text)
