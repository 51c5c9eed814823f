#!/usr/bin/env bash
# Tool: PostgreSQL 15 (Debian's postgresql-15) and SQLite 3.40 (Debian's sqlite3), given 2026-12-31T23:59:59.9999999Z.
# One would guess: the last instant of 2026, as .NET writes it with seven digits, is in 2026 whoever reads it: what is finer than a
# database keeps is cut off, as Python and JavaScript do.
# What happens: PostgreSQL rounds: it is 2027-01-01 00:00:00. But the same text cast to a date at once is 2026-12-31. In SQLite, date() and
# datetime() say 2026-12-31 and unixepoch() in the same row says 1798761600, which is 2027-01-01 00:00:00: each rounds in its own way.
# Why it matters to a register: "valid until the end of the year" goes in through one door as 2026 and through another as 2027; a
# certificate ends a day later in one copy than in the other, and a filter by year counts it twice or not at all.
set -euo pipefail
folder=$(mktemp -d)
bin=/usr/lib/postgresql/15/bin
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
trap 'as "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
[ "$(id -u)" = 0 ] && chown postgres "$folder"
cd "$folder"
as "$bin/initdb" -D "$folder/data" -A trust -U postgres --locale=C.UTF-8 >/dev/null
as "$bin/pg_ctl" -w -D "$folder/data" -o "-k $folder -c listen_addresses= -c fsync=off" -l "$folder/log" start >/dev/null
"$bin/postgres" --version
sqlite3 --version | cut -d ' ' -f 1
instant=2026-12-31T23:59:59.9999999Z
{
  psql -h "$folder" -U postgres -At <<SQL
SET timezone = 'UTC';
SELECT 'PostgreSQL, timestamptz: ' || (timestamptz '$instant');
SELECT 'PostgreSQL, date of the timestamp: ' || (timestamp '$instant')::date;
SELECT 'PostgreSQL, date of the text: ' || '$instant'::date;
SQL
  sqlite3 :memory: "SELECT 'SQLite: ' || datetime('$instant') || ', ' || unixepoch('$instant') || ' = ' || datetime(unixepoch('$instant'), 'unixepoch')"
  python3 -c "import datetime; print('Python:', datetime.datetime.fromisoformat('$instant'))"
} | grep -v '^SET' | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
PostgreSQL, timestamptz: 2027-01-01 00:00:00+00
PostgreSQL, date of the timestamp: 2027-01-01
PostgreSQL, date of the text: 2026-12-31
SQLite: 2026-12-31 23:59:59, 1798761600 = 2027-01-01 00:00:00
Python: 2026-12-31 23:59:59.999999+00:00
EXPECTED
