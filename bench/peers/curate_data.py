"""Gives generated records texts that need curation: `curate_data.py DATA`.

Rewrites `records.jsonl`: 3 % repeat an earlier text, 7 % repeat one of 25 words or more with 2 to 10 %
of its words replaced, 2 % hold an e-mail address, an IP address or a telephone number; sentences end
every 14 words. `truth.json` says which record repeats which. Seeded: the same file every time.
"""

import json
import os
import random
import sys
from pathlib import Path

EXACT, NEAR, DATA = 0.03, 0.10, 0.98


def main():
    folder = Path(sys.argv[1])
    rng = random.Random(20260801)
    texts, exact, near = [], [], []
    source, beside = folder / "records.jsonl", folder / "records.part"
    with source.open() as lines, beside.open("w") as out:
        for number, line in enumerate(lines):
            record = json.loads(line)
            kind, earlier = rng.random(), rng.randrange(number) if number > 1000 else None
            text = sentences(record["text"].rstrip(".").split(" "))
            if earlier is not None and kind < EXACT:
                text = texts[earlier]
                exact.append((record["id"], f"r{earlier:09}"))
            elif earlier is not None and kind < NEAR and texts[earlier].count(" ") >= 24:
                text = edited(texts[earlier], record["text"], rng)
                near.append((record["id"], f"r{earlier:09}"))
            elif kind > DATA:
                text = f"{text} {personal(number)}"
            texts.append(text)
            record["text"] = text
            out.write(json.dumps(record, separators=(",", ":")) + "\n")
    os.replace(beside, source)
    (folder / "truth.json").write_text(json.dumps({"exact": exact, "near": near}))


def sentences(words):
    marked = [word + "." if at % 14 == 13 else word for at, word in enumerate(words)]
    text = " ".join(marked)
    return text[:1].upper() + text[1:] + "."


def edited(text, other, rng):
    words, new = text.split(" "), other.split(" ")
    for _ in range(max(1, int(len(words) * (0.02 + 0.08 * rng.random())))):
        words[rng.randrange(len(words))] = new[rng.randrange(len(new))].strip(".")
    return " ".join(words)


def personal(number):
    return (
        f"write to anna.{number}@mail{number % 97}.net",
        f"from {8 + number % 180}.{number % 251}.{number * 7 % 251}.{1 + number * 13 % 250}",
        f"call +1 415 555 {number % 10000:04}",
    )[number % 3]


main()
