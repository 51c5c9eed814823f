#!/usr/bin/env bash
# Tool: ocdsmerge 0.8.0 (PyPI), create_compiled_release(), which makes the present state out of the releases of an open contract.
# One would guess: a later release whose award has "suppliers": [] leaves an award without suppliers, as "methods": [] empties a list of
# texts. A supplier named again in the same words, without an id (which the standard does not ask for), is the one already there.
# What happens: an empty list of objects changes nothing, so the supplier stays; neither does a list with one of two take the other out. The
# supplier without an id is there twice after two releases, three times after three. Both are silent.
# Why it matters to a register: "whom do we buy from", made from published contracts, keeps those who have withdrawn, and counts one firm
# as often as its notice was corrected.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check ocdsmerge==0.8.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(ocdsmerge) '
cat >check.py <<'PY'
import warnings
import ocdsmerge
warnings.simplefilter("error")
text, several = {"type": "string"}, lambda items: {"type": "array", "items": items}
supplier = {"type": "object", "properties": {"id": {"type": ["string", "integer"]}, "name": text}}
award = {"type": "object", "properties": {"id": text, "suppliers": several(supplier), "methods": several(text)}}
# The part of the standard's schema for a release that is in use here, so that it need not be fetched.
merger = ocdsmerge.Merger({"type": "object", "properties": {"ocid": text, "id": text, "date": text, "tag": several(text), "awards": several(award)}})

def compiled(field, *values):
    return merger.create_compiled_release([{"ocid": "ocds-213czf-1", "id": str(n), "date": f"2026-0{n}-01T00:00:00Z", "tag": ["award"],
        "awards": [{"id": "1", field: value}]} for n, value in enumerate(values, 1)])["awards"][0][field]

bright, holm = {"id": "1", "name": "Bright Care Ltd"}, {"id": "2", "name": "Holm Ltd"}
print("methods emptied:", compiled("methods", ["electronicAuction"], []))
print("suppliers emptied:", compiled("suppliers", [bright], []))
print("one of two left:", compiled("suppliers", [bright, holm], [holm]))
print("the same without an id:", compiled("suppliers", [{"name": "Bright Care Ltd"}], [{"name": "Bright Care Ltd"}], [{"name": "Bright Care Ltd"}]))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
methods emptied: []
suppliers emptied: [{'id': '1', 'name': 'Bright Care Ltd'}]
one of two left: [{'id': '1', 'name': 'Bright Care Ltd'}, {'id': '2', 'name': 'Holm Ltd'}]
the same without an id: [{'name': 'Bright Care Ltd'}, {'name': 'Bright Care Ltd'}, {'name': 'Bright Care Ltd'}]
EXPECTED
