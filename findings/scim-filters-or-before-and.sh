#!/usr/bin/env bash
# Tools: scim2-filter-parser 0.7.0 (PyPI), which turns a SCIM filter into SQL; scim2-filter 0.2.0 and scim-query-filter-parser 2.0.4 (npm), which
# find people by one.
# One would guess: "and" binds before "or" (RFC 7644, 3.4.2.2), the words of the RFC's own examples are read, ge is "the same or later".
# What happens: three libraries, three ways. scim2-filter-parser puts what stands left of a later "and" in brackets: A or B and C becomes
# (A or B) and C, so that whoever has A alone is not found. scim2-filter reads it rightly, and then nothing with "and" or "or" in it is ever
# true, except behind a not, where it always is; ge and le have changed places. scim-query-filter-parser refuses
# any not (...), the RFC's own example among them; without the blank it is refused too.
# Why it matters to a register: a directory looks for a person by name or by address before it creates one; who is not found gets a
# second account, and "changed since" (ge) lists whoever was changed before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund scim2-filter@0.2.0 scim-query-filter-parser@2.0.4 >/dev/null
npm ls --depth 0 | grep @
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check scim2-filter-parser==0.7.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep '^scim2-filter-parser '
cat >check.py <<'PY'
from scim2_filter_parser.queries.sql import SQLQuery
columns = {("userName", None, None): "name", ("title", None, None): "title", ("active", None, None): "active"}
for question in ('userName eq "ann" or title eq "Nurse" and active eq true', 'title eq "Nurse" and active eq true or userName eq "ann"'):
    query = SQLQuery(question, "person", columns)
    print(f"scim2-filter-parser: {question}: {query.where_sql.format(**{name: repr(value) for name, value in query.params_dict.items()})}")
PY
cat >check.cjs <<'JS'
const { filter, parse } = require('scim2-filter');
const { compileFilter } = require('scim-query-filter-parser');
const people = [
  { userName: 'ann', title: 'Lead', active: true, meta: { lastModified: '2026-06-05T09:00:00Z' } },
  { userName: 'bob', title: 'Nurse', active: false, meta: { lastModified: '2026-06-06T09:00:00Z' } },
  { userName: 'cat', title: 'Nurse', active: true, meta: { lastModified: '2026-06-07T09:00:00Z' } },
];
const ways = { 'scim2-filter': (question) => filter(parse(question)), 'scim-query-filter-parser': compileFilter };
for (const question of ['title eq "Nurse"', 'userName eq "ann" or title eq "Nurse" and active eq true', 'title eq "Nurse" and active eq true', 'userName eq "ann" or userName eq "bob"',
  'not (title eq "Nurse")', 'not (userName eq "ann" or userName eq "bob")', 'active eq true and not(title eq "Lead")', 'meta.lastModified ge "2026-06-06T09:00:00Z"', 'meta.lastModified gt "2026-06-06T09:00:00Z"'])
  for (const [name, way] of Object.entries(ways)) {
    let found;
    try { found = people.filter(way(question)).map((person) => person.userName).join(' ') || 'nobody'; } catch (error) { found = 'refused'; }
    console.log(`${name}: ${question}: ${found}`);
  }
JS
{ python/bin/python -W ignore check.py; node check.cjs; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
scim2-filter-parser: userName eq "ann" or title eq "Nurse" and active eq true: ((UPPER(name) = UPPER('ann')) OR (title = 'Nurse')) AND (active = 'TRUE')
scim2-filter-parser: title eq "Nurse" and active eq true or userName eq "ann": ((title = 'Nurse') AND (active = 'TRUE')) OR (UPPER(name) = UPPER('ann'))
scim2-filter: title eq "Nurse": bob cat
scim-query-filter-parser: title eq "Nurse": bob cat
scim2-filter: userName eq "ann" or title eq "Nurse" and active eq true: nobody
scim-query-filter-parser: userName eq "ann" or title eq "Nurse" and active eq true: ann cat
scim2-filter: title eq "Nurse" and active eq true: nobody
scim-query-filter-parser: title eq "Nurse" and active eq true: cat
scim2-filter: userName eq "ann" or userName eq "bob": nobody
scim-query-filter-parser: userName eq "ann" or userName eq "bob": ann bob
scim2-filter: not (title eq "Nurse"): ann
scim-query-filter-parser: not (title eq "Nurse"): refused
scim2-filter: not (userName eq "ann" or userName eq "bob"): ann bob cat
scim-query-filter-parser: not (userName eq "ann" or userName eq "bob"): refused
scim2-filter: active eq true and not(title eq "Lead"): nobody
scim-query-filter-parser: active eq true and not(title eq "Lead"): refused
scim2-filter: meta.lastModified ge "2026-06-06T09:00:00Z": ann bob
scim-query-filter-parser: meta.lastModified ge "2026-06-06T09:00:00Z": bob cat
scim2-filter: meta.lastModified gt "2026-06-06T09:00:00Z": cat
scim-query-filter-parser: meta.lastModified gt "2026-06-06T09:00:00Z": cat
EXPECTED
