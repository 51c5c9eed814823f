#!/usr/bin/env bash
# Tool: polars 2.1.0 (PyPI), read_csv(try_parse_dates=True) and Series.str.to_date() without a format.
# One would guess: 05/06/26, as British spreadsheets save a date, is 5 June 2026, since 05/06/2026 is read day first; or it stays text,
# as 06/13/2026 does.
# What happens: it is 5 June of the year 26, two thousand years ago: a date, not a text, and no warning. So are 05-06-26 and, beside dates
# of four digits in the same column, only those with two.
# Why it matters to a register: "reviews overdue" lists every supplier, and a sum of days overdue is in the hundreds of thousands; sorted
# by date, the few that are wrong stand first and the rest looks right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check polars==2.1.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(polars) '
cat >check.py <<'PY'
import io
import polars
for values in [("05/06/26", "31/03/26"), ("05-06-26", "31-03-26"), ("05/06/2026", "31/03/26"), ("05/06/2026", "31/03/2026"), ("06/13/2026", "06/14/2026")]:
    read = polars.read_csv(io.StringIO("Supplier,Review\nHolm," + "\nQuay,".join(values) + "\n"), try_parse_dates=True)["Review"]
    parsed = polars.Series(values).str.to_date(strict=False)
    print(*values, "-> read_csv:", read.dtype, *read, "| to_date:", *parsed)
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
05/06/26 31/03/26 -> read_csv: Date 0026-06-05 0026-03-31 | to_date: 0026-06-05 0026-03-31
05-06-26 31-03-26 -> read_csv: Date 0026-06-05 0026-03-31 | to_date: 0026-06-05 0026-03-31
05/06/2026 31/03/26 -> read_csv: Date 2026-06-05 0026-03-31 | to_date: 2026-06-05 0026-03-31
05/06/2026 31/03/2026 -> read_csv: Date 2026-06-05 2026-03-31 | to_date: 2026-06-05 2026-03-31
06/13/2026 06/14/2026 -> read_csv: String 06/13/2026 06/14/2026 | to_date: None None
EXPECTED
