#!/usr/bin/env bash
# Tool: dateparser 1.5.0 (PyPI), parse() in English with day before month, asked on two days that follow each other.
# One would guess: "Q1 2026" is the first day of January, the last of March, or nothing; and H1 2026, not being a date either, is
# treated alike.
# What happens: it is the day that stands in that quarter where today stands in its own: asked on 30 November, Q1 2026 is 28 February and Q2
# 30 May; asked the day after, they are 1 March and 1 June. H1 2026 is 1 November 2026, which is not even in that half-year, and
# 1 December a day later. FY26 is nothing.
# Why it matters to a register: suppliers promise a certificate or a fix "by Q1"; the day recorded lies within the time promised, is
# another on every day of import, and looks as if somebody had meant it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check dateparser==1.5.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(dateparser) '
cat >check.py <<'PY'
from datetime import datetime
import dateparser
for today in (datetime(2026, 11, 30), datetime(2026, 12, 1)):
    print("asked on", today.date(), "->", end=" ")
    print(*[f"{text}: {found and found.date()}" for text in ("Q1 2026", "Q2 2026", "Q3 2026", "Q4 2026", "H1 2026", "FY26")
        for found in [dateparser.parse(text, languages=["en"], settings={"DATE_ORDER": "DMY", "RELATIVE_BASE": today})]], sep=", ")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
asked on 2026-11-30 -> Q1 2026: 2026-02-28, Q2 2026: 2026-05-30, Q3 2026: 2026-08-30, Q4 2026: 2026-11-30, H1 2026: 2026-11-01, FY26: None
asked on 2026-12-01 -> Q1 2026: 2026-03-01, Q2 2026: 2026-06-01, Q3 2026: 2026-09-01, Q4 2026: 2026-12-01, H1 2026: 2026-12-01, FY26: None
EXPECTED
