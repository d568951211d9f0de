#!/usr/bin/env python3
"""Language identification beside lingua, py3langid and CLD2, on the public labelled sets.

    python bench/peers/language_peer.py SHARED/data LANGUAGE_LINES [STEP]

LANGUAGE_LINES is `cargo build --release -p mandat-text --example language_lines`. Needs lingua-language-detector, py3langid and
pycld2 (PyPI). Every STEPth text is taken (default 20: lingua is slow). Only languages that LANGUAGE_LINES knows and both sets label
are asked; Bokmål and Nynorsk count as one, `und` counts as wrong. Prints one line of JSON per set and side.
"""
import collections
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

# ISO 639-3 of SIB-200 with its script, as BCP 47.
SIB = dict(
    line.split("=")
    for line in """afr=af arb=ar azj=az bel=be bul=bg bos=bs cat=ca ces=cs cym=cy dan=da deu=de eng=en epo=eo spa=es est=et eus=eu
pes=fa fin=fi fra=fr gle=ga hin=hi hrv=hr hun=hu ind=id isl=is ita=it kaz=kk lug=lg lit=lt lvs=lv mri=mi mkd=mk khk=mn mar=mr zsm=ms
nob=nb nld=nl nno=nn pol=pl por=pt ron=ro rus=ru slk=sk slv=sl sna=sn som=so als=sq srp=sr sot=st swe=sv swh=sw tgl=tl tsn=tn tur=tr
tso=ts ukr=uk urd=ur vie=vi xho=xh yor=yo zul=zu ell=el heb=he tha=th kor=ko kat=ka hye=hy tam=ta tel=te guj=gu pan=pa ben=bn
jpn=ja zho=zh""".split()
)
SAME = {"nn": "nb", "no": "nb", "iw": "he", "zh-Hant": "zh", "zh-cn": "zh", "un": "und"}


def rows(data, step):
    def lines(name):
        raw = subprocess.run(["zstd", "-dc", os.path.join(data, "langid", name)], check=True, capture_output=True).stdout
        return [json.loads(line) for line in raw.splitlines()]

    known = set(SIB.values()) | {"la"}
    sets = collections.defaultdict(list)
    for row in lines("lingua-testdata.jsonl.zst")[::step]:
        if row["lang"] in known:
            sets["lingua " + row["kind"]].append((row["lang"], row["text"]))
    for row in lines("sib200-dev.jsonl.zst")[:: max(1, step // 10)]:
        # Arabic in Latin letters is a transliteration that no side knows.
        if row["lang3"] in SIB and (row["lang3"], row["script"]) != ("arb", "Latn"):
            sets["sib200 sentence"].append((SIB[row["lang3"]], row["text"]))
    return sets


def timed(detect):
    def run(texts):
        start = time.process_time()
        found = [detect(text) for text in texts]
        return found, time.process_time() - start

    return run


def peers():
    import py3langid
    import pycld2
    from lingua import LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models().build()

    def lingua(text):
        language = detector.detect_language_of(text)
        return language.iso_code_639_1.name.lower() if language else "und"

    def cld2(text):
        try:
            return pycld2.detect(text, bestEffort=True)[2][0][1]
        except pycld2.error:
            return "und"

    return {"lingua": timed(lingua), "py3langid": timed(lambda text: py3langid.classify(text)[0]), "cld2": timed(cld2)}


def mandat(binary, repeat=20):
    def run(texts):
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
        return [json.loads(line)[0] for line in out.splitlines()], max(many - once, 1e-9) / repeat

    return run


def main():
    data, binary = sys.argv[1:3]
    step = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    sides = {"mandat": mandat(binary), **peers()}
    for name, pairs in sorted(rows(data, step).items()):
        texts = [text.encode("utf-8", "ignore").decode() for _, text in pairs]
        for side, detect in sides.items():
            found, cpu = detect(texts)
            same = [SAME.get(f, f) for f in found]
            right = sum(f == SAME.get(lang, lang) for (lang, _), f in zip(pairs, same))
            unsure = sum(f == "und" for f in same)
            wrong = collections.Counter((SAME.get(lang, lang), f) for (lang, _), f in zip(pairs, same) if f != SAME.get(lang, lang))
            line = {
                "set": name,
                "side": side,
                "texts": len(texts),
                "accuracy": round(right / len(texts), 4),
                "unsure": round(unsure / len(texts), 4),
                "right_of_sure": round(right / max(1, len(texts) - unsure), 4),
                "texts_per_cpu_s": round(len(texts) / cpu),
            }
            if side == "mandat":
                line["confused"] = [f"{a}>{b} {n}" for (a, b), n in wrong.most_common(6)]
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
