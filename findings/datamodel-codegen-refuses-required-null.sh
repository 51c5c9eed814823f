#!/usr/bin/env bash
# Tool: datamodel-code-generator 0.89.0 with pydantic 2.14.4 (PyPI), models from an OpenAPI 3.0 document.
# One would guess: a member that is required and nullable becomes "date | None" without a default: always there, sometimes null.
# What happens: it becomes "date", and the model refuses a valid answer with null in it; a member that is neither required nor nullable
# becomes "str | None", and the model sends a null that the document does not allow. So null is taken exactly where it may not be.
# Under --strict-nullable, an option one must know of, the first is right and the second stays.
# Why it matters to a register: a supplier without a next review ("due_on": null) cannot be read, and one of those makes a whole page of
# the list fail; what is sent back from such a model has nulls that the register refuses.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check datamodel-code-generator==0.89.0 pydantic==2.14.4
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(datamodel-code-generator|pydantic) '
cat >openapi.json <<'JSON'
{"openapi": "3.0.3", "info": {"title": "Register", "version": "1"}, "paths": {}, "components": {"schemas": {"Supplier": {
  "type": "object", "required": ["name", "due_on"], "properties": {
    "name": {"type": "string"}, "due_on": {"type": "string", "format": "date", "nullable": true}, "website": {"type": "string"}}}}}}
JSON
cat >check.py <<'PY'
import json, sys
from importlib import import_module
Supplier = import_module(sys.argv[1]).Supplier
try:
    answer = Supplier.model_validate_json('{"name": "Bright Linen", "due_on": null}')
except ValueError as error:
    print(sys.argv[1], "refuses the null of due_on:", error.errors()[0]["msg"])
    answer = Supplier.model_validate_json('{"name": "Bright Linen", "due_on": "2027-02-28"}')
else:
    print(sys.argv[1], "takes the null of due_on")
try:
    answer = Supplier.model_validate({**answer.model_dump(), "website": None})
    print(sys.argv[1], "takes a null for website and sends", answer.model_dump_json())
except ValueError as error:
    print(sys.argv[1], "refuses a null for website:", error.errors()[0]["msg"])
PY
make() { python/bin/datamodel-codegen --input openapi.json --input-file-type openapi --output-model-type pydantic_v2.BaseModel --target-python-version 3.11 "$@" 2>/dev/null; }
make --output usual.py
make --output strict.py --strict-nullable
{ grep -E 'due_on|website' usual.py; python/bin/python check.py usual; grep -E 'due_on|website' strict.py; python/bin/python check.py strict; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
    due_on: date
    website: str | None = None
usual refuses the null of due_on: Input should be a valid date
usual takes a null for website and sends {"name":"Bright Linen","due_on":"2027-02-28","website":null}
    due_on: date | None = Field(...)
    website: str | None = None
strict takes the null of due_on
strict takes a null for website and sends {"name":"Bright Linen","due_on":null,"website":null}
EXPECTED
