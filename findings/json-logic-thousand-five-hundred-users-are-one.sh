#!/usr/bin/env bash
# Tools: json-logic-js 2.0.5 (npm), the first JsonLogic; beside it json-logic-qubit 0.9.1 (PyPI). JsonLogic keeps rules of forms as JSON.
# One would guess: an answer that is text counts as a number where all of it is one, and elsewhere the rule fails or gives no number, and does
# so with every operator.
# What happens: "+" and "*" read the beginning and leave the rest: "1,500" users at 2 pounds are 2 pounds, "12 months" and "12 years" plus one
# are both 13, and two dates add up to 4052. "-", "/" and ">" take the same answer for no number. Of three sites' users, "1,500",
# "40" and "9", the sum is 50. In Python the same rules raise an error.
# Why it matters to a register: prices and scores are worked out by such rules in the form, from what people type. A total that is a thousand
# times too small looks like a total.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund json-logic-js@2.0.5 >/dev/null
npm ls --depth 0 | grep @
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check json-logic-qubit==0.9.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^json-logic-qubit '
cat >rules.json <<'JSON'
[[{"*": [{"var": "users"}, 2]}, {"users": "1500"}], [{"*": [{"var": "users"}, 2]}, {"users": "1,500"}],
 [{"+": [{"var": "sites.0"}, {"var": "sites.1"}, {"var": "sites.2"}]}, {"sites": ["1,500", "40", "9"]}],
 [{"+": [{"var": "kept"}, 1]}, {"kept": "12 months"}], [{"+": [{"var": "kept"}, 1]}, {"kept": "12 years"}],
 [{"+": [{"var": "from"}, {"var": "to"}]}, {"from": "2026-06-05", "to": "2026-12-05"}],
 [{"-": [{"var": "users"}, 1]}, {"users": "1,500"}], [{"/": [{"var": "users"}, 2]}, {"users": "1,500"}],
 [{">": [{"var": "users"}, 0]}, {"users": "1,500"}]]
JSON
cat >check.cjs <<'JS'
const rules = require('json-logic-js');
for (const [rule, data] of require('./rules.json')) console.log(JSON.stringify(rule), JSON.stringify(data), rules.apply(rule, data));
JS
cat >check.py <<'PY'
import json

from json_logic import jsonLogic

for rule, data in json.load(open("rules.json"))[1:5]:
    try:
        print("Python:", jsonLogic(rule, data))
    except ValueError as error:
        print("Python:", type(error).__name__)
PY
{ node check.cjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
{"*":[{"var":"users"},2]} {"users":"1500"} 3000
{"*":[{"var":"users"},2]} {"users":"1,500"} 2
{"+":[{"var":"sites.0"},{"var":"sites.1"},{"var":"sites.2"}]} {"sites":["1,500","40","9"]} 50
{"+":[{"var":"kept"},1]} {"kept":"12 months"} 13
{"+":[{"var":"kept"},1]} {"kept":"12 years"} 13
{"+":[{"var":"from"},{"var":"to"}]} {"from":"2026-06-05","to":"2026-12-05"} 4052
{"-":[{"var":"users"},1]} {"users":"1,500"} NaN
{"/":[{"var":"users"},2]} {"users":"1,500"} NaN
{">":[{"var":"users"},0]} {"users":"1,500"} false
Python: ValueError
Python: ValueError
Python: ValueError
Python: ValueError
EXPECTED
