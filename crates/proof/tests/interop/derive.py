"""Secrets, marks, commitments and tokens as docs/log.md describes them, from the standard library alone."""

import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from hmac import digest


def hmac(key, message):
    return digest(key, message, "sha256")


def text(*parts):
    return " ".join(b64encode(part).decode() if isinstance(part, bytes) else str(part) for part in parts)


def log(secret, origin, n, kind, content):
    content = b"" if content == "-" else b64decode(content)
    n = int(n).to_bytes(8, "big")
    extracted = hmac(bytes(32), b64decode(secret))
    key = hmac(extracted, b"mandat/log/v1" + origin.encode() + b"\x01")
    opening = hmac(key, b"mandat/open/v1" + n)
    commitment = hmac(opening, b"mandat/commit/v1" + bytes([int(kind)]) + content)
    return text(key, hmac(key, b"mandat/mark/v1" + n), commitment)


def member(secret, revision, record, number):
    if record == "-":
        own = hmac(b64decode(secret), b"mandat/member-person/v1" + b64decode(revision))
    else:
        own = hmac(b64decode(secret), b"mandat/member-record/v1" + b64decode(revision) + b64decode(record))
    mask = int.from_bytes(sha256(b"mandat/mask/v1" + own).digest()[:4], "big")
    return text(own, sha256(b"mandat/token/v1" + own).digest(), int(number) ^ mask)


for line in sys.stdin:
    command, *arguments = line.split()
    print({"log": log, "member": member}[command](*arguments))
