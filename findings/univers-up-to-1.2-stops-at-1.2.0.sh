#!/usr/bin/env bash
# Tools: univers 32.0.1 (PyPI), which reads version ranges of many kinds and compares versions; semver 7.7.3 (npm), npm's own, beside it.
# One would guess: in a range for npm "1.2" stands for any 1.2.x, as in npm itself: "<=1.2" has 1.2.5 in it, ">1" begins at 2.0.0, and "1.2" is all
# from 1.2.0 to before 1.3.0.
# What happens: the missing numbers become noughts: "<=1.2" is <=1.2.0 and has not 1.2.5, ">1" has 1.0.1, and "1.2" is 1.2.0 alone. "1.x" and
# "~1.2" are read as npm reads them, so the short forms are known.
# Why it matters to a register: "affected up to 1.2" is looked up with such a range when a weakness becomes known; who runs 1.2.5 is told that
# the product is not affected.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check univers==32.0.1
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund semver@7.7.3 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^univers '
npm ls --depth 0 | grep @
cat >ranges.json <<'JSON'
[["<=1.2", "1.2.5"], [">1", "1.0.1"], ["1.2", "1.2.5"], ["<=1", "1.9.0"], ["~1.2", "1.2.5"], ["1.x", "1.2.5"], ["<1.3", "1.2.5"]]
JSON
cat >check.py <<'PY'
import json
from univers.version_range import NpmVersionRange
from univers.versions import SemverVersion
for written, version in json.load(open("ranges.json")):
    found = NpmVersionRange.from_native(written)
    print(f"univers: {written} is {found}, has {version}:", SemverVersion(version) in found)
PY
cat >check.cjs <<'JS'
const semver = require('semver');
for (const [written, version] of require('./ranges.json'))
  console.log(`npm: ${written} is ${new semver.Range(written).range}, has ${version}: ${semver.satisfies(version, written)}`);
JS
{ python/bin/python check.py; node check.cjs; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
univers: <=1.2 is vers:npm/<=1.2.0, has 1.2.5: False
univers: >1 is vers:npm/>1.0.0, has 1.0.1: True
univers: 1.2 is vers:npm/1.2.0, has 1.2.5: False
univers: <=1 is vers:npm/<=1.0.0, has 1.9.0: False
univers: ~1.2 is vers:npm/>=1.2.0|<1.3.0, has 1.2.5: True
univers: 1.x is vers:npm/>=1.0.0|<2.0.0, has 1.2.5: True
univers: <1.3 is vers:npm/<1.3.0, has 1.2.5: True
npm: <=1.2 is <1.3.0-0, has 1.2.5: true
npm: >1 is >=2.0.0, has 1.0.1: false
npm: 1.2 is >=1.2.0 <1.3.0-0, has 1.2.5: true
npm: <=1 is <2.0.0-0, has 1.9.0: true
npm: ~1.2 is >=1.2.0 <1.3.0-0, has 1.2.5: true
npm: 1.x is >=1.0.0 <2.0.0-0, has 1.2.5: true
npm: <1.3 is <1.3.0-0, has 1.2.5: true
EXPECTED
