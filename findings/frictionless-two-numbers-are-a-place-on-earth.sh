#!/usr/bin/env bash
# Tool: frictionless 5.21.0 (PyPI), as it infers types of a CSV file.
# One would guess: "4,5" in quotes, the numbers of two questions left open or of two floors, is text; or 4.5, or 45. "1,150" is text or 1150.
# What happens: a column of two numbers with a comma between is of type geopoint, places by longitude and latitude: the cell becomes [4.0,
# 5.0]. "1,150" is text only because no latitude is 150: prices from "1,010" to "1,090" are places as well, 1 east and 10 to 90 north.
# One dearer supplier in the list, and they are all text again.
# Why it matters to a register: what type a column has depends on how dear the dearest is, and a rule made for the one list fails on
# the next; the price of a product is a pair that no sum takes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check frictionless==5.21.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(frictionless) '
cat >check.py <<'PY'
import frictionless
for name, values in [("Open questions", ("4,5", "3,7")), ("Price", ("1,150", "1,090")), ("Price", ("1,010", "1,090"))]:
    with open("list.csv", "w") as file:
        file.write(f'Supplier,{name}\nHaven,"' + '"\nHolm,"'.join(values) + '"\n')
    resource = frictionless.Resource(path="list.csv")
    cells = [row[name] for row in resource.read_rows()]
    print(f"{name}, {resource.schema.get_field(name).type}:", *cells)
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Open questions, geopoint: [4.0, 5.0] [3.0, 7.0]
Price, string: 1,150 1,090
Price, geopoint: [1.0, 10.0] [1.0, 90.0]
EXPECTED
