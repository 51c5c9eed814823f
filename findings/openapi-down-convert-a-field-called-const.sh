#!/usr/bin/env bash
# Tool: @apiture/openapi-down-convert 0.14.2 (npm), from OpenAPI 3.1 to 3.0.
# One would guess: words of JSON Schema are rewritten where they are words of a schema. A field of an answer may be called const or
# contentMediaType like any other, and stays; what is a default or an example is data, and stays as it was.
# What happens: names of fields are taken for words. A field called contentMediaType, $schema, $id or propertyNames is gone from the document, though
# it is still among the required ones; one called const becomes "enum" with a list for a schema, so that the document is not valid any
# more. A default {"const": 1} becomes {"enum": [1]}, and of an example schema its type ["string", "null"] becomes "string" and nullable.
# Why it matters to a register: it has files with their contentMediaType, and questionnaires that carry JSON Schema ($schema, $id) as data;
# a client made from the result has no field for them, and nothing was said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @apiture/openapi-down-convert@0.14.2 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const { Converter } = require('@apiture/openapi-down-convert');
const converted = (schema) => new Converter({ openapi: '3.1.0', info: { title: 'Register', version: '1' }, paths: {}, components: { schemas: { Thing: schema } } }, {}).convert().components.schemas.Thing;
for (const name of ['title', 'contentMediaType', '$schema', '$id', 'propertyNames', 'unevaluatedProperties', 'const'])
  console.log(name + ':', JSON.stringify(converted({ type: 'object', required: [name], properties: { [name]: { type: 'string' } } })));
console.log('a default:', JSON.stringify(converted({ type: 'object', default: { question: { const: 1 } } })));
console.log('an example:', JSON.stringify(converted({ type: 'object', examples: [{ question: { type: ['string', 'null'] } }] })));
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
title: {"type":"object","required":["title"],"properties":{"title":{"type":"string"}}}
contentMediaType: {"type":"object","required":["contentMediaType"],"properties":{}}
$schema: {"type":"object","required":["$schema"],"properties":{}}
$id: {"type":"object","required":["$id"],"properties":{}}
propertyNames: {"type":"object","required":["propertyNames"],"properties":{}}
unevaluatedProperties: {"type":"object","required":["unevaluatedProperties"],"properties":{}}
const: {"type":"object","required":["const"],"properties":{"enum":[{"type":"string"}]}}
a default: {"type":"object","default":{"question":{"enum":[1]}}}
an example: {"type":"object","example":{"question":{"type":"string","nullable":true}}}
EXPECTED
