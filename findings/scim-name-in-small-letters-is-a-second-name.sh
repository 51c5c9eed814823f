#!/usr/bin/env bash
# Tools: scim-patch 0.8.3, which changes people as a directory asks by SCIM, and scim2-parse-filter 0.2.10, which finds them (npm).
# One would guess: names of attributes have no case in SCIM (RFC 7643, 2.1), may be written in full behind their schema (RFC 7644, 3.10), and
# userName and the type of an address are compared without case, as their schema says. A directory that writes "username" renames Ann.
# What happens: scim-patch adds username beside userName, which stays as it was; of her addresses the one of type "Work" is added beside the one of
# type "work". scim2-parse-filter then finds her by username under the old name only, and neither by the attribute's full name nor by her
# name with a capital letter.
# Why it matters to a register: directories ask for a person's name before they create an account. Whoever is not found gets a second one, and
# whoever was renamed keeps the old.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund scim-patch@0.8.3 scim2-parse-filter@0.2.10 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { scimPatch } from 'scim-patch';
import { filter, parse } from 'scim2-parse-filter';
const core = 'urn:ietf:params:scim:schemas:core:2.0:User';
const person = () => ({ schemas: [core], userName: 'ann@care.example', emails: [{ type: 'work', value: 'ann@care.example' }] });
for (const path of ['userName', 'username', core + ':userName', 'emails[type eq "work"].value', 'emails[type eq "Work"].value']) {
  const { schemas, ...changed } = scimPatch(person(), [{ op: 'replace', path, value: 'ann.bell@care.example' }]);
  console.log(path + ':', JSON.stringify(changed));
}
const renamed = scimPatch(person(), [{ op: 'replace', path: 'username', value: 'ann.bell@care.example' }]);
for (const name of ['ann@care.example', 'ann.bell@care.example'])
  console.log(`renamed, username eq "${name}":`, filter(parse(`username eq "${name}"`))(renamed));
for (const question of ['userName eq "ann@care.example"', 'userName eq "Ann@care.example"', core + ':userName eq "ann@care.example"'])
  console.log(question + ':', filter(parse(question))(person()));
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
userName: {"userName":"ann.bell@care.example","emails":[{"type":"work","value":"ann@care.example"}]}
username: {"userName":"ann@care.example","emails":[{"type":"work","value":"ann@care.example"}],"username":"ann.bell@care.example"}
urn:ietf:params:scim:schemas:core:2.0:User:userName: {"userName":"ann.bell@care.example","emails":[{"type":"work","value":"ann@care.example"}]}
emails[type eq "work"].value: {"userName":"ann@care.example","emails":[{"type":"work","value":"ann.bell@care.example"}]}
emails[type eq "Work"].value: {"userName":"ann@care.example","emails":[{"type":"work","value":"ann@care.example"},{"type":"Work","value":"ann.bell@care.example"}]}
renamed, username eq "ann@care.example": true
renamed, username eq "ann.bell@care.example": false
userName eq "ann@care.example": true
userName eq "Ann@care.example": false
urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ann@care.example": false
EXPECTED
