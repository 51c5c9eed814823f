#!/usr/bin/env bash
# Tool: quantulum3 0.10.0 (PyPI), parse(text), which finds quantities with their units in text; as it is installed, without its extra "classifier".
# One would guess: £250k is 250000 pounds, £2m and £3bn are two million and three billion as "£2 million" is; a price a year is a price; £1,500 to
# £2,000 are two prices, or their middle, as 10-12 weeks are 11.
# What happens: k and a big M count, but £2m are 2 pound metres and £3bn are 3 pound barn newtons. £900 pa are 900 pound pascals, £900 pcm
# pound set metres. With a pound sign at both ends of a range the unit is pounds by square pounds and the upper end is 0; of 4 hours a
# week there are left 4 hours, and a week. Half a day is 0.5 per day. £20 per user has no user.
# Why it matters to a register: prices, notice and hours of support in answers are written so. A program that looks at the number only takes
# £2m for 2; one that asks for a currency finds none and passes the price over.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check quantulum3==0.10.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^quantulum3 '
cat >check.py <<'PY'
import logging

from quantulum3 import parser

logging.disable(logging.CRITICAL)
for text in ["£250k", "£2 million", "£2M", "£2m", "£3bn", "£900 per year", "£900 a year", "£900 pa", "£900 pcm", "10-12 weeks", "£10-12", "£1,500-£2,000",
        "37.5 hours per week", "4 hours a week", "half a day", "£20 per user"]:
    print(f"{text}:", "; ".join(f"{found.value:g} {found.unit.name}" for found in parser.parse(text)))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
£250k: 250000 pound sterling
£2 million: 2e+06 pound sterling
£2M: 2e+06 pound sterling
£2m: 2 pound sterling metre
£3bn: 3 pound sterling barn newton
£900 per year: 900 pound sterling per year
£900 a year: 900 pound sterling per year
£900 pa: 900 pound sterling pascal
£900 pcm: 900 pound sterling set metre
10-12 weeks: 11 week
£10-12: 11 pound sterling
£1,500-£2,000: 1500 pound sterling square pound sterling; 0 dimensionless
37.5 hours per week: 37.5 hour per week
4 hours a week: 4 hour; 1 week
half a day: 0.5 per day
£20 per user: 20 pound sterling
EXPECTED
