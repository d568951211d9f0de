"""One answer for each line, from pymerkle: the interop tests hold them against ours."""

import sys
from base64 import b64decode, b64encode

from pymerkle import InmemoryTree
from pymerkle.core import _inclusion_path_layout
from pymerkle.proof import InclusionProof, InvalidProof

tree = InmemoryTree(algorithm="sha256")


def grow(size):
    for index in range(tree.get_size(), int(size)):
        tree.append_entry(b"entry %d\n" % index)
    return "ok"


def root(size):
    return b64encode(tree.get_root(int(size))).decode()


def prove(size, index):
    path = tree.prove_inclusion(int(index) + 1, int(size)).path[1:]
    return ",".join(b64encode(digest).decode() for digest in path) or "-"


def check(size, state, index, leaf, path):
    size, index = int(size), int(index) + 1
    path = [] if path == "-" else [b64decode(digest) for digest in path.split(",")]
    rule, _ = _inclusion_path_layout(index, size)
    proof = InclusionProof("sha256", True, size, index, rule, [b64decode(leaf), *path])
    try:
        proof.verify(b64decode(leaf), b64decode(state), index=index, size=size)
    except InvalidProof:
        return "refused"
    return "ok"


for line in sys.stdin:
    command, *arguments = line.split()
    print({"grow": grow, "root": root, "prove": prove, "check": check}[command](*arguments))
