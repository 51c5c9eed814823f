#!/usr/bin/env bash
# Tool: idutils 1.7.1 (PyPI), detect_identifier_schemes(), normalize_pid() and to_url(), which tell what kind of identifier a text is.
# One would guess: what is of no kind that it knows has no scheme. A number in the form of the Care Quality Commission's, 1-101601234, or a
# reference 2026-014 is nobody's catalogue number; what is normalised keeps its digits, so that two numbers stay two.
# What happens: only the beginning is looked at for Germany's authority file (GND). A digit or more, a hyphen and a digit is enough, and
# normalising throws the rest away: every provider's number that starts alike becomes one, gnd:1-1, with a link to Germany's national library,
# and 2026-014 and 2026-019 are both gnd:2026-0. A company number of eight digits is a PubMed article.
# Why it matters to a register: identifiers are what tells two providers of like names apart; held as normalised here, they are one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check idutils==1.7.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep '^idutils '
cat >check.py <<'PY'
import idutils
for text in ("4079154-3", "1-101601234", "1-101609876", "2026-014", "2026-019", "01234567", "SC123456", "https://ror.org/03yrm5c26"):
    schemes = idutils.detect_identifier_schemes(text)
    print(f"{text}: {schemes}", *(f"{idutils.normalize_pid(text, scheme)} {idutils.to_url(text, scheme, 'https')}" for scheme in schemes[:1]))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
4079154-3: ['gnd'] gnd:4079154-3 https://d-nb.info/gnd/4079154-3
1-101601234: ['gnd'] gnd:1-1 https://d-nb.info/gnd/1-1
1-101609876: ['gnd'] gnd:1-1 https://d-nb.info/gnd/1-1
2026-014: ['gnd'] gnd:2026-0 https://d-nb.info/gnd/2026-0
2026-019: ['gnd'] gnd:2026-0 https://d-nb.info/gnd/2026-0
01234567: ['pmid'] 01234567 https://pubmed.ncbi.nlm.nih.gov/01234567/
SC123456: []
https://ror.org/03yrm5c26: ['ror', 'url'] 03yrm5c26 https://ror.org/03yrm5c26
EXPECTED
