#!/usr/bin/env bash
# Tool: deepdiff 9.1.0 (PyPI), DeepDiff() with Delta(), which records what changed between two states and applies it to the older one.
# One would guess: the older state plus the change is the newer state, for any JSON; where that cannot be done, an error is raised and nothing is
# changed.
# What happens: where a key has both an apostrophe and quotation marks in it, its path is written with the marks as they are, and Delta does not
# find it again. That answer stays as it was or is not added, the others change, and there is but a line in the log: half a change,
# and the older state with the change on it differs from the newer one. A key with only one of the two kinds is kept well.
# Why it matters to a register: questions are keys in many a file of answers, and they quote: "at rest", the supplier's. A history kept as
# changes then shows the old answer to that one question for good.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check deepdiff==9.1.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^deepdiff '
cat >check.py <<'PY'
import json

from deepdiff import DeepDiff, Delta

for question in ["Is the supplier's data encrypted?", 'Is data "at rest" encrypted?', 'Is the supplier\'s data encrypted "at rest"?']:
    old, new = {question: "No", "Owner": "Ann"}, {question: "Yes", "Owner": "Ben"}
    result = old + Delta(DeepDiff(old, new))
    print("same" if result == new else "other", json.dumps(result))
    old, new = {"Owner": "Ann"}, {question: "Yes", "Owner": "Ben"}
    result = old + Delta(DeepDiff(old, new, threshold_to_diff_deeper=0))
    print("same" if result == new else "other", json.dumps(result))
PY
python/bin/python check.py 2>log.txt | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
same {"Is the supplier's data encrypted?": "Yes", "Owner": "Ben"}
same {"Owner": "Ben", "Is the supplier's data encrypted?": "Yes"}
same {"Is data \"at rest\" encrypted?": "Yes", "Owner": "Ben"}
same {"Owner": "Ben", "Is data \"at rest\" encrypted?": "Yes"}
other {"Is the supplier's data encrypted \"at rest\"?": "No", "Owner": "Ben"}
other {"Owner": "Ben"}
EXPECTED
