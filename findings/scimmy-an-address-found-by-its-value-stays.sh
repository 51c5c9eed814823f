#!/usr/bin/env bash
# Tool: SCIMMY 1.3.5 (npm), Messages.PatchOp, which changes a person as a directory asks (RFC 7644, section 3.5.2); beside it scim2-models
# 0.12.3 (PyPI).
# One would guess: emails[value eq "old"].value with a new value changes that address; emails[type eq "home"].type changes its type. An address
# made primary is the only one that is: the RFC says that the server takes primary from the others.
# What happens: whenever the part that is changed is also what it is found by, the change is refused: "does not match any values". What is
# found by another part is changed. An address made primary leaves the old one primary too, and one that is added a second time, the same
# in every part, is there twice. scim2-models does as the RFC says.
# Why it matters to a register: "this address has become that one" is how a directory renames; it is told that there is no such address,
# and reminders to "the primary address" go to one or the other of two.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund scimmy@1.3.5 >/dev/null
npm ls --depth 0 | grep @
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check scim2-models==0.12.3 pydantic==2.14.4
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep '^scim2-models '
cat >changes.json <<'JSON'
[{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@care.example"},
 {"op": "replace", "path": "emails[value eq \"ann@care.example\"].value", "value": "new@care.example"},
 {"op": "replace", "path": "emails[value eq \"ann@care.example\"].type", "value": "other"},
 {"op": "replace", "path": "emails[type eq \"home\"].type", "value": "other"},
 {"op": "add", "path": "emails", "value": [{"type": "other", "value": "ann@quay.example", "primary": true}]},
 {"op": "add", "path": "emails", "value": [{"value": "ann@care.example", "type": "work", "primary": true}]}]
JSON
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import SCIMMY from 'scimmy';
const emails = () => [{ type: 'work', value: 'ann@care.example', primary: true }, { type: 'home', value: 'ann@home.example' }];
for (const change of JSON.parse(readFileSync('changes.json'))) {
  const ask = new SCIMMY.Messages.PatchOp({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [change] });
  const person = new SCIMMY.Schemas.User({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], id: '1', userName: 'ann', emails: emails() }, 'out');
  const said = await ask.apply(person).then((changed) => changed.emails.map((one) => `${one.type} ${one.value}${one.primary ? ' primary' : ''}`).join(', '), (error) => error.message);
  console.log(`SCIMMY: ${change.op} ${change.path} ${JSON.stringify(change.value)}: ${said}`);
}
JS
cat >check.py <<'PY'
import json
from scim2_models import PatchOp, User
for change in json.load(open("changes.json")):
    person = User.model_validate({"id": "1", "userName": "ann", "emails": [{"type": "work", "value": "ann@care.example", "primary": True}, {"type": "home", "value": "ann@home.example"}]})
    PatchOp[User].model_validate({"Operations": [change]}).patch(person)
    print(f"scim2-models: {change['op']} {change['path']}:", ", ".join(f"{one.type} {one.value}{' primary' * bool(one.primary)}" for one in person.emails))
PY
{ node check.mjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
SCIMMY: replace emails[type eq "work"].value "new@care.example": work new@care.example primary, home ann@home.example
SCIMMY: replace emails[value eq "ann@care.example"].value "new@care.example": Filter 'emails[value eq "ann@care.example"].value' does not match any values for 'replace' op of operation 1 in PatchOp request body
SCIMMY: replace emails[value eq "ann@care.example"].type "other": other ann@care.example primary, home ann@home.example
SCIMMY: replace emails[type eq "home"].type "other": Filter 'emails[type eq "home"].type' does not match any values for 'replace' op of operation 1 in PatchOp request body
SCIMMY: add emails [{"type":"other","value":"ann@quay.example","primary":true}]: work ann@care.example primary, home ann@home.example, other ann@quay.example primary
SCIMMY: add emails [{"value":"ann@care.example","type":"work","primary":true}]: work ann@care.example primary, home ann@home.example, work ann@care.example primary
scim2-models: replace emails[type eq "work"].value: work new@care.example primary, home ann@home.example
scim2-models: replace emails[value eq "ann@care.example"].value: work new@care.example primary, home ann@home.example
scim2-models: replace emails[value eq "ann@care.example"].type: other ann@care.example primary, home ann@home.example
scim2-models: replace emails[type eq "home"].type: work ann@care.example primary, other ann@home.example
scim2-models: add emails: work ann@care.example, home ann@home.example, other ann@quay.example primary
scim2-models: add emails: work ann@care.example primary, home ann@home.example
EXPECTED
