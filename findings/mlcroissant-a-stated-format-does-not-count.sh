#!/usr/bin/env bash
# Tool: mlcroissant 1.1.1 (PyPI), reads data sets by their description (Croissant 1.0).
# One would guess: the description says how a column is read: dataType Text leaves what stands there, Boolean understands yes and no or refuses
# them, and of a Date the source's format, "%d/%m/%Y", says which part is the day; the standard has it for just that.
# What happens: the file is read by pandas first, by its guesses, and only the outcome is turned into the type. A Text "0042" is 42, the version
# 1.10 is 1.1, and "None" and "NA" are nothing. Every Boolean that is a word is true, "no" too. The format is not looked at: 05/06/2026 is
# 6 May, 25/06/2026 below it 25 June.
# Why it matters to a register: this is how the data behind an AI product are published; site codes, consents and dates of what was counted are
# others than in the file, and the description that should prevent it was right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check mlcroissant==1.1.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(mlcroissant|pandas) '
cat >homes.csv <<'CSV'
site,version,need,consent,visited
0042,1.10,None,no,05/06/2026
0107,1.2,NA,yes,25/06/2026
CSV
cat >check.py <<'PY'
import hashlib
import json
import logging
import mlcroissant
logging.disable(logging.CRITICAL)
terms = ("column", "extract", "field", "fileObject", "format", "recordSet", "source")
context = {"@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/", "cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/", "conformsTo": "dct:conformsTo", "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, **{term: "cr:" + term for term in terms}}
def column(name, kind, **more):
    return {"@type": "cr:Field", "@id": f"homes/{name}", "name": name, "dataType": "sc:" + kind, "source": {"fileObject": {"@id": "homes.csv"}, "extract": {"column": name}, **more}}
described = {
    "@context": context, "@type": "sc:Dataset", "name": "homes", "description": "Homes", "conformsTo": "http://mlcommons.org/croissant/1.0", "url": "https://example.org/homes", "license": "https://creativecommons.org/publicdomain/zero/1.0/", "datePublished": "2026-06-30", "version": "1.0.0", "creator": {"@type": "sc:Organization", "name": "Example"}, "citeAs": "Example 2026",
    "distribution": [{"@type": "cr:FileObject", "@id": "homes.csv", "name": "homes.csv", "contentUrl": "homes.csv", "encodingFormat": "text/csv", "sha256": hashlib.sha256(open("homes.csv", "rb").read()).hexdigest()}],
    "recordSet": [{"@type": "cr:RecordSet", "@id": "homes", "name": "homes", "field": [column("site", "Text"), column("version", "Text"), column("need", "Text"), column("consent", "Boolean"), column("visited", "Date", format="%d/%m/%Y")]}],
}
json.dump(described, open("homes.json", "w"))
for record in mlcroissant.Dataset("homes.json").records("homes"):
    print(", ".join(f"{name.partition('/')[2]} {value.decode() if isinstance(value, bytes) else value}" for name, value in record.items()))
PY
PYTHONWARNINGS=ignore python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
site 42, version 1.1, need None, consent True, visited 2026-05-06 00:00:00
site 107, version 1.2, need None, consent True, visited 2026-06-25 00:00:00
EXPECTED
