#!/usr/bin/env python3
"""Redaction beside presidio-analyzer's pattern recognisers, on the labelled public sets.

    python bench/peers/presidio_peer.py SHARED/data REDACT_LINES

REDACT_LINES is `cargo build --release -p mandat-text --example redact_lines`. Needs presidio-analyzer (PyPI), no spaCy model.

A find counts if it overlaps a label of its kind; a label is found if a find of its kind overlaps it. Labels that a set lacks
(handles, account ids) are not counted against anybody, and neither are finds inside labels of other kinds that hold the
same thing (a number inside a street address). Prints one line of JSON per set, kind and side.
"""
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

KINDS = {
    "EMAIL": ("EMAIL_ADDRESS", "EMAIL"),
    "PHONE": ("PHONE_NUMBER", "PHONE"),
    "IBAN": ("IBAN_CODE",),
    "CARD": ("CREDIT_CARD",),
    "IP": ("IP_ADDRESS",),
    "ADDRESS": ("STREET_ADDRESS",),
}
BOTH = ("EMAIL", "PHONE", "IBAN", "CARD", "IP")


def rows(path):
    raw = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout
    if path.endswith(".json.zst"):
        return [
            (r["full_text"], [(s["start_position"], s["end_position"], s["entity_type"]) for s in r["spans"]])
            for r in json.loads(raw)
        ]
    out = []
    for line in raw.splitlines():
        r = json.loads(line)
        out.append((r["text"], [(s["start"], s["end"], s["type"]) for s in r["spans"]]))
    return out


def presidio(texts):
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EmailRecognizer,
        IbanRecognizer,
        IpRecognizer,
        PhoneRecognizer,
        UrlRecognizer,
    )

    class Blank(SpacyNlpEngine):
        def __init__(self):
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
            self.nlp = {"en": spacy.blank("en")}

        def load(self):
            pass

        def is_loaded(self):
            return True

    registry = RecognizerRegistry()
    for recogniser in (EmailRecognizer, IpRecognizer, PhoneRecognizer, CreditCardRecognizer, IbanRecognizer, UrlRecognizer):
        registry.add_recognizer(recogniser())
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
    names = {"EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "IBAN_CODE": "IBAN", "CREDIT_CARD": "CARD", "IP_ADDRESS": "IP"}
    start = time.process_time()
    found = []
    for text in texts:
        hits = engine.analyze(text, language="en")
        found.append([(h.start, h.end, names[h.entity_type]) for h in hits if h.entity_type in names])
    return found, time.process_time() - start


def ours(binary, texts, repeat=50):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(text) + "\n" for text in texts)
        file.flush()

        def cpu(times):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            out = subprocess.run([binary, file.name, str(times)], check=True, capture_output=True).stdout
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return out, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        out, once = cpu(1)
        _, many = cpu(repeat + 1)
    return [[tuple(s) for s in json.loads(line)] for line in out.splitlines()], max(many - once, 1e-9) / repeat


def score(labels, found, kind):
    """True positives by label and by find, labels, finds."""
    hit = good = total = finds = 0
    for truth, spans in zip(labels, found):
        mine = [(s, e) for s, e, k in truth if k in KINDS[kind]]
        others = [(s, e) for s, e, k in truth if k not in KINDS[kind]]
        theirs = [(s, e) for s, e, k in spans if k == kind]
        total += len(mine)
        hit += sum(any(a < e and s < b for a, b in theirs) for s, e in mine)
        for a, b in theirs:
            if any(a < e and s < b for s, e in mine):
                good += 1
            elif any(s <= a and b <= e for s, e in others):
                continue
            else:
                finds += 1
    return hit, good, total, good + finds


def figures(hit, good, total, finds):
    recall = hit / total if total else None
    precision = good / finds if finds else None
    f1 = 2 * recall * precision / (recall + precision) if recall and precision else 0.0
    return {
        "labels": total,
        "recall": recall and round(recall, 4),
        "precision": precision and round(precision, 4),
        "f1": round(f1, 4),
    }


def main():
    data, binary = sys.argv[1:3]
    sets = (("pii-presidio", "synth_dataset_v2.json.zst"), ("pii-lifebench", "records.jsonl.zst"))
    for folder, name in sets:
        pairs = rows(os.path.join(data, folder, name))
        texts, labels = [t for t, _ in pairs], [s for _, s in pairs]
        for side, (found, cpu) in (("presidio", presidio(texts)), ("mandat", ours(binary, texts))):
            base = {"set": folder, "side": side}
            print(json.dumps({**base, "texts": len(texts), "texts_per_cpu_s": round(len(texts) / cpu)}))
            parts = {kind: score(labels, found, kind) for kind in KINDS if side == "mandat" or kind in BOTH}
            for kind, part in parts.items():
                print(json.dumps({**base, "kind": kind, **figures(*part)}))
            print(json.dumps({**base, "kind": "all of both", **figures(*map(sum, zip(*(parts[k] for k in BOTH))))}))


if __name__ == "__main__":
    main()
