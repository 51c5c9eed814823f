#!/usr/bin/env bash
# Tool: formulas 1.3.4 (PyPI), which computes the formulas of an Excel workbook without Excel, VALUE(), which makes a number of a text.
# One would guess: VALUE("1,200") is 1200, as in Excel set to English and as this library's own NUMBERVALUE has it; or it is #VALUE!.
# What happens: 73051, which is the number of 1 January 2100: the comma is taken to part month and year. "1,150" is in the year 2050, "7,500" in
# July 2400, and "1,234,567" a day of the year 2134. "10,000" and "12,500", of which no date can be made, are #VALUE!.
# Why it matters to a register: prices and numbers of users come as text with commas out of other systems, and VALUE() is what people wrap
# around them; nothing in the cell shows that the figure is a day.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check formulas==1.3.4
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^formulas '
cat >check.py <<'PY'
import datetime
from formulas import Parser
def value(formula):
    result = Parser().ast("=" + formula)[1].compile()()
    return str(getattr(result, "ravel", lambda: [result])()[0])
for text in ["1200", "1,200", "1,150", "7,500", "1,234,567", "10,000", "12,500"]:
    number = value(f'VALUE("{text}")')
    day = "" if number[0] == "#" or "," not in text else f" ({datetime.date(1899, 12, 30) + datetime.timedelta(days=int(float(number)))})"
    print(f"{text}: VALUE {number}{day}, NUMBERVALUE", value(f'NUMBERVALUE("{text}")'))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
1200: VALUE 1200.0, NUMBERVALUE 1200.0
1,200: VALUE 73051.0 (2100-01-01), NUMBERVALUE 1200.0
1,150: VALUE 54789.0 (2050-01-01), NUMBERVALUE 1150.0
7,500: VALUE 182805.0 (2400-07-01), NUMBERVALUE 7500.0
1,234,567: VALUE 85469.0 (2134-01-01), NUMBERVALUE 1234567.0
10,000: VALUE #VALUE!, NUMBERVALUE 10000.0
12,500: VALUE #VALUE!, NUMBERVALUE 12500.0
EXPECTED
