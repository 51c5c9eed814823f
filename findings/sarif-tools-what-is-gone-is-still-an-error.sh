#!/usr/bin/env bash
# Tool: sarif-tools 3.0.5 (PyPI), counts and lists of scans (SARIF 2.1.0).
# One would guess: a result that the scan itself marks as no longer there (baselineState "absent"), or as accepted (suppressions), is not counted
# as an error, and "sarif --check error" ends well where nothing else is left. One that is nowhere in particular has no line.
# What happens: all are counted alike, nothing in the list tells them apart, and the check fails with their number. What was checked and found in
# order (kind "pass") is in the list of findings too, and results without a line are on line 1. Of a result that names its rule by
# its place in the list of rules, as the standard allows, no list can be made at all.
# Why it matters to a register: scanners with a baseline write what was mended into the next file, so that one sees it; a supplier's number of open
# errors never falls.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check sarif-tools==3.0.5
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^sarif-tools '
cat >write.py <<'PY'
import json
place = {"locations": [{"physicalLocation": {"artifactLocation": {"uri": "app.py"}}}]}
results = [
    {"ruleId": "KEY", "level": "error", "baselineState": "absent", "message": {"text": "was mended"}, **place},
    {"ruleId": "KEY", "level": "error", "baselineState": "unchanged", "suppressions": [{"kind": "external", "status": "accepted"}], "message": {"text": "was accepted"}, **place},
    {"ruleId": "KEY", "level": "none", "kind": "pass", "message": {"text": "is in order"}, **place},
]
def scan(name, results):
    driver = {"name": "Scanner", "rules": [{"id": "KEY"}]}
    json.dump({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}, open(name, "w"))
scan("scan.sarif", results)
scan("by-place.sarif", [{"ruleIndex": 0, "message": {"text": "a key"}, **place}])
PY
python/bin/python write.py
{
    python/bin/sarif csv --output list.csv scan.sarif >/dev/null && tr -d '\r' <list.csv
    python/bin/sarif --check error summary scan.sarif >/dev/null 2>&1 || echo "check: $?"
    python/bin/sarif csv --output other.csv by-place.sarif 2>&1 | tail -n 1 || true
} | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Tool,Severity,Code,Description,Location,Line
Scanner,error,KEY,was accepted,app.py,1
Scanner,error,KEY,was mended,app.py,1
Scanner,none,KEY,is in order,app.py,1
check: 2
KeyError: 'ruleId'
EXPECTED
