#!/usr/bin/env bash
# Tools: extruct 0.18.0, microdata 0.8.0 (PyPI); microdata-node 2.0.0, web-auto-extractor 1.0.17 (npm), readers of what pages say about themselves.
# One would guess: <time itemprop="validThrough">2027-01-31</time> is 2027-01-31, as HTML says: without the attribute datetime, what stands between
# the tags is the value. With the attribute, its value is taken, not the words for people.
# What happens: extruct, microdata and microdata-node have the property with nothing in it. web-auto-extractor has it, but of
# <time datetime="2027-01-31">the end of January</time> it takes the words, as of <data value="GB123">, and "name legalName" is one property
# of that name to it. microdata-node gives a part that is joined by itemref every value twice.
# Why it matters to a register: the dates of certificates and offers are read off the pages of makers; an empty date is easily taken for "does not
# end", and the page is right by every checker.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check extruct==0.18.0 microdata==0.8.0
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund microdata-node@2.0.0 web-auto-extractor@1.0.17 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(extruct|microdata) '
npm ls --depth 0 | grep '── '
cat >page.html <<'HTML'
<!DOCTYPE html><html lang="en"><head><title>Certificates</title></head><body>
<div itemscope itemtype="https://schema.org/Certification" itemref="more">
<span itemprop="name legalName">Safe care</span>
<time itemprop="validFrom" datetime="2026-02-01">the first of February</time>
<time itemprop="validThrough">2027-01-31</time>
<data itemprop="identifier" value="GB123">our number</data>
</div>
<div id="more"><div itemprop="issuedBy" itemscope itemtype="https://schema.org/Organization"><span itemprop="name">Example Marks</span></div></div>
</body></html>
HTML
cat >check.py <<'PY'
import json
import extruct
import microdata
page = open("page.html").read()
print("extruct:", json.dumps(extruct.extract(page, syntaxes=["microdata"])["microdata"][0]["properties"]))
print("microdata:", json.dumps(json.loads(microdata.get_items(page)[0].json())["properties"]))
PY
cat >check.cjs <<'JS'
const { readFileSync } = require('node:fs');
const page = readFileSync('page.html', 'utf8');
console.log('microdata-node:', JSON.stringify(require('microdata-node').toJson(page).items[0].properties));
console.log('web-auto-extractor:', JSON.stringify(require('web-auto-extractor').default().parse(page).microdata.Certification[0]));
JS
{ python/bin/python check.py; node check.cjs; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
extruct: {"name": "Safe care", "legalName": "Safe care", "validFrom": "2026-02-01", "validThrough": "", "identifier": "GB123", "issuedBy": {"type": "https://schema.org/Organization", "properties": {"name": "Example Marks"}}}
microdata: {"name": ["Safe care"], "legalName": ["Safe care"], "validFrom": ["2026-02-01"], "validThrough": [""], "identifier": ["our number"]}
microdata-node: {"name":["Safe care"],"legalName":["Safe care"],"validFrom":["2026-02-01"],"validThrough":[""],"identifier":["GB123"],"issuedBy":[{"properties":{"name":["Example Marks","Example Marks"]},"type":["https://schema.org/Organization","https://schema.org/Organization"]}]}
web-auto-extractor: {"@context":"https://schema.org/","@type":"Certification","name legalName":"Safe care","validFrom":"the first of February","validThrough":"2027-01-31","identifier":"our number"}
EXPECTED
