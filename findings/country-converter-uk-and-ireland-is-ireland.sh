#!/usr/bin/env bash
# Tool: country_converter 1.3.2 with pandas 2.3.3 (PyPI), convert(text, to="ISO2"), which finds countries in free text.
# One would guess: a text that names two countries gives both, as "United Kingdom and Ireland" does, or none; and the four parts of the
# United Kingdom are found alike.
# What happens: "UK" is known only where it is the whole text, so "UK and Ireland" is Ireland, "Germany and UK" is Germany, without a
# warning. England counts as the United Kingdom, also within a text; Scotland and Wales are not found at all, nor is "Northern
# Ireland, UK"; and New England counts as the United Kingdom too.
# Why it matters to a register: "where is our data kept" is answered in words like these; a list cleaned with this says that data which
# is in both countries never is in the United Kingdom.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check country_converter==1.3.2 pandas==2.3.3 numpy==2.4.6
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(country_converter|pandas) '
cat >check.py <<'PY'
import country_converter
for text in ["UK", "UK and Ireland", "United Kingdom and Ireland", "Germany and UK", "England", "Leeds, England", "Scotland", "Wales", "Northern Ireland, UK", "New England"]:
    print(f"{text}: {country_converter.convert(text, to='ISO2')}")
PY
python/bin/python check.py 2>warnings.txt | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
UK: GB
UK and Ireland: IE
United Kingdom and Ireland: ['IE', 'GB']
Germany and UK: DE
England: GB
Leeds, England: GB
Scotland: not found
Wales: not found
Northern Ireland, UK: not found
New England: GB
EXPECTED
