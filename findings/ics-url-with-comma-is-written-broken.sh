#!/usr/bin/env bash
# Tools: ical-generator 10.2.0 (11.1.2, for Node 22, does the same), ical.js 2.2.1, node-ical 0.26.1 (npm), ics 0.7.3 (ics.py, PyPI).
# One would guess: the URL of an event, https://register.example/reviews?ids=1,2;3, stands in the calendar as it is, since RFC 5545
# escapes commas and semicolons in text and not in addresses (URL is of type URI), and a reader gives a string.
# What happens: ical-generator and ics.py write ids=1\,2\;3. ical.js, which keeps to the standard, reads the address with the backslashes
# in it, so the link asks for something else; and as ical-generator also writes the (permitted) VALUE=URI, node-ical gives an object
# { params, val } where it gives a string for the same address without it.
# Why it matters to a register: links from a calendar to filtered lists have such commas; they work in the program that made them and
# in forgiving readers, and ask for something else in those built on ical.js, as Thunderbird's is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet ics==0.7.3
npm install --silent --no-audit --no-fund ical-generator@10.2.0 ical.js@2.2.1 node-ical@0.26.1
cat >write.py <<'PY'
import ics

event = ics.Event(name="Review", begin="2026-07-01", uid="1@register.example", url="https://register.example/reviews?ids=1,2;3")
with open("ics.py.ics", "w", newline="") as file:
    file.write(ics.Calendar(events=[event]).serialize())
PY
cat >finding.js <<'JS'
const { default: generate } = require("ical-generator"), fs = require("fs");
const ical = require("ical.js"), ICAL = ical.default || ical, nodeIcal = require("node-ical");
const calendar = generate();
calendar.createEvent({ id: "1@register.example", summary: "Review", start: new Date("2026-07-01T09:00:00Z"), url: "https://register.example/reviews?ids=1,2;3" });
fs.writeFileSync("ical-generator.ics", calendar.toString());
for (const name of ["ics.py", "ical-generator"]) {
  const text = fs.readFileSync(name + ".ics", "utf8");
  console.log(name, "writes", text.split(/\r?\n/).find((line) => line.startsWith("URL")));
  console.log("  ical.js reads", new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent").getFirstPropertyValue("url"));
  console.log("  node-ical reads", JSON.stringify(nodeIcal.sync.parseICS(text)["1@register.example"].url));
}
JS
venv/bin/pip list 2>/dev/null | grep -E '^ics '
npm ls --depth 0 2>/dev/null | grep "@[0-9]"
venv/bin/python -W ignore write.py
node finding.js | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
ics.py writes URL:https://register.example/reviews?ids=1\,2\;3
  ical.js reads https://register.example/reviews?ids=1\,2\;3
  node-ical reads "https://register.example/reviews?ids=1,2;3"
ical-generator writes URL;VALUE=URI:https://register.example/reviews?ids=1\,2\;3
  ical.js reads https://register.example/reviews?ids=1\,2\;3
  node-ical reads {"params":{"VALUE":"URI"},"val":"https://register.example/reviews?ids=1,2;3"}
EXPECTED
