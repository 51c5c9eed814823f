#!/usr/bin/env bash
# Tool: vobject 0.9.9 (PyPI), a vCard written with it; read again with it and with ical.js 2.2.1 (npm).
# One would guess: card.add("org").value = "Bright Care Ltd" writes ORG:Bright Care Ltd, as it does with fn, title, tel and email;
# or a text is refused there, where the standard has a list (organisation, department).
# What happens: the text is walked through as if it were a list: ORG:B;r;i;g;h;t; ;C;a;r;e; ;L;t;d, an organisation called "B" with
# fourteen departments of a letter each. validate() finds the card valid.
# Why it matters to a register: contacts of suppliers leave for address books by vCard; on a phone every supplier is then a letter.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check vobject==0.9.9
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(vobject) '
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund ical.js@2.2.1 >/dev/null
npm ls --depth 0 | grep @
cat >check.py <<'PY'
import vobject
card = vobject.vCard()
card.add("n").value = vobject.vcard.Name(family="Doe", given="Jo")
for name, value in (("fn", "Jo Doe"), ("title", "Manager"), ("org", "Bright Care Ltd")):
    card.add(name).value = value
text = card.serialize()
print(*[line for line in text.splitlines() if line.startswith(("TITLE", "ORG"))], sep="\n")
open("card.vcf", "w", newline="").write(text)
read = vobject.readOne(text)
print("vobject reads", len(read.org.value), "parts, valid:", read.validate())
card.org.value = ["Bright Care Ltd"]
print(*[line for line in card.serialize().splitlines() if line.startswith("ORG")])
PY
cat >read.cjs <<'JS'
const ical = require("ical.js"), ICAL = ical.default || ical;
const card = new ICAL.Component(ICAL.parse(require("fs").readFileSync("card.vcf", "utf8")));
console.log("ical.js reads", JSON.stringify(card.getFirstProperty("org").toJSON()[3]).slice(0, 20));
JS
{ python/bin/python check.py; node read.cjs; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
ORG:B;r;i;g;h;t; ;C;a;r;e; ;L;t;d
TITLE:Manager
vobject reads 15 parts, valid: True
ORG:Bright Care Ltd
ical.js reads ["B","r","i","g","h"
EXPECTED
