#!/usr/bin/env bash
# Tool: flattentool 0.28.0 (PyPI), flatten() to CSV and unflatten() back, with the schema of the data.
# One would guess: what it writes itself it reads back the same; a list of texts is put into a cell with semicolons between, and a semicolon
# within a text is escaped, or the list gets a sheet of its own as lists of objects do.
# What happens: nothing is escaped: ["Unit 2; Quay House", "York"] is written Unit 2; Quay House;York and comes back as three entries, the
# second with a space before it. No warning on either way.
# Why it matters to a register: sites, data kinds and addresses hold semicolons; after one round through the spreadsheet that open contracting
# data is edited in, a supplier has a site more, and every comparison shows a change that nobody made.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check flattentool==0.28.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(flattentool) '
cat >check.py <<'PY'
import json, warnings
import flattentool
warnings.simplefilter("error", flattentool.exceptions.FlattenToolWarning)
text = {"type": "string"}
with open("schema.json", "w") as file:
    json.dump({"type": "object", "properties": {"ocid": text, "id": text, "name": text, "sites": {"type": "array", "items": text}}}, file)
data = {"releases": [{"ocid": "ocds-213czf-1", "id": "1", "name": "Bright Care; Holm", "sites": ["Unit 2; Quay House", "York"]}]}
with open("data.json", "w") as file:
    json.dump(data, file)
same = {"root_list_path": "releases", "root_id": "ocid", "schema": "schema.json"}
flattentool.flatten("data.json", output_name="flat", output_format="csv", main_sheet_name="releases", **same)
print(open("flat/releases.csv").read().strip())
flattentool.unflatten("flat", input_format="csv", output_name="back.json", **same)
back = json.load(open("back.json"))["releases"][0]
print("name:", back["name"])
print("sites:", back["sites"])
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
ocid,id,name,sites
ocds-213czf-1,1,Bright Care; Holm,Unit 2; Quay House;York
name: Bright Care; Holm
sites: ['Unit 2', ' Quay House', 'York']
EXPECTED
