#!/usr/bin/env python3
"""Writes crates/text/src/redact/phone/regions.tsv from Google's libphonenumber metadata, read through the PyPI package
`phonenumbers` (both Apache-2.0). Run it in a virtual environment that has `phonenumbers`, when the metadata moved on:

    python bench/peers/phone_rules.py > crates/text/src/redact/phone/regions.tsv
"""
import phonenumbers
from phonenumbers import PhoneMetadata

KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan", "voicemail")

print(f"# region, calling code, national prefix, national number; libphonenumber metadata of phonenumbers {phonenumbers.__version__}, Apache-2.0")
for region in sorted(phonenumbers.SUPPORTED_REGIONS):
    m = PhoneMetadata.metadata_for_region(region)
    patterns = []
    for kind in KINDS:
        desc = getattr(m, kind)
        pattern = desc and desc.national_number_pattern
        if pattern and pattern not in patterns:
            patterns.append(pattern)
    prefix = m.national_prefix or ""
    print(region, m.country_code, prefix if prefix.isdigit() else "", "|".join(f"(?:{p})" for p in patterns), sep="\t")
