#!/usr/bin/env bash
# Tool: openapi-core 0.23.1 (PyPI), validating requests and responses against an OpenAPI 3.0 document.
# One would guess: application/problem+json and application/merge-patch+json are JSON, as RFC 6839 says of +json, and a text/csv answer is a
# string, so bodies that are as the document says are valid, as they are under application/json and text/plain.
# What happens: a body of a media type that it has no reader for is left as bytes, and bytes are neither an object nor a string: every
# problem, every merge patch and every CSV file is called invalid ("is not of type 'object'"). application/vnd.api+json is read, so +json
# is not looked at, only whole names are.
# Why it matters to a register: its errors are problems (RFC 9457), its changes merge patches (RFC 7396), its exports CSV; a contract
# test with this library fails on right answers, and put in front of the register it refuses every right change.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check openapi-core==0.23.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep '^openapi-core '
cat >check.py <<'PY'
import warnings
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
warnings.simplefilter("ignore")
thing, text = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}, {"type": "string"}
schemas = {"application/json": thing, "application/vnd.api+json": thing, "application/problem+json": thing, "application/merge-patch+json": thing,
           "text/plain": text, "text/csv": text}
content = {name: {"schema": schema} for name, schema in schemas.items()}
api = OpenAPI.from_dict({"openapi": "3.0.0", "info": {"title": "Register", "version": "1"}, "servers": [{"url": "http://register.example"}], "paths": {"/it": {
    "patch": {"requestBody": {"content": content}, "responses": {"200": {"description": "It", "content": content}}}}}})
def judged(check, *parts):
    try:
        errors = check(*parts).errors
    except Exception as error:
        errors = [error]
    return "valid" if not errors else str(errors[0].__cause__.schema_errors[0].message)
for name, schema in schemas.items():
    body = b"name,tier\nBright Linen,low\n" if schema is text else b'{"title":"Changed"}'
    request = MockRequest("http://register.example", "patch", "/it", data=body, content_type=name)
    print(f"{name}: request {judged(api.unmarshal_request, request)}; response {judged(api.unmarshal_response, request, MockResponse(body, content_type=name))}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
application/json: request valid; response valid
application/vnd.api+json: request valid; response valid
application/problem+json: request b'{"title":"Changed"}' is not of type 'object'; response b'{"title":"Changed"}' is not of type 'object'
application/merge-patch+json: request b'{"title":"Changed"}' is not of type 'object'; response b'{"title":"Changed"}' is not of type 'object'
text/plain: request valid; response valid
text/csv: request b'name,tier\nBright Linen,low\n' is not of type 'string'; response b'name,tier\nBright Linen,low\n' is not of type 'string'
EXPECTED
