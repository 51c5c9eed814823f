#!/usr/bin/env bash
# Tools: ics 3.12.0, node-ical 0.26.1, ical.js 2.2.1, ical-generator 10.2.0 (npm).
# One would guess: the category "Health, safety" of an event is written CATEGORIES:Health\, safety (RFC 5545: a comma in text is escaped, a
# bare one parts two categories) and read back as one category.
# What happens: ics for npm escapes commas in the title and not in categories, so every reader sees two; node-ical splits at escaped commas
# too and leaves the backslash: "Health\" and "safety". Only ical-generator to ical.js keeps it
# (node-ical 0.27.2, for Node 22, reads it right as well; on Node 20 a plain npm install takes 0.26.1).
# Why it matters to a register: subjects and kinds of data have commas ("Health, safety and welfare"); filters by category in a calendar
# find nothing, and the categories a program offers fill up with halves.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund ics@3.12.0 node-ical@0.26.1 ical.js@2.2.1 ical-generator@10.2.0
cat >finding.js <<'JS'
const ics = require("ics"), nodeIcal = require("node-ical"), ical = require("ical.js"), ICAL = ical.default || ical;
const { default: generate } = require("ical-generator");
const calendar = generate(), id = "1@register.example";
calendar.createEvent({ id, summary: "Review", start: new Date("2026-07-01T09:00:00Z"), categories: [{ name: "Health, safety" }, { name: "Fire" }] });
const written = {
  ics: ics.createEvents([{ uid: id, title: "Review, all", start: [2026, 7, 1], end: [2026, 7, 2], categories: ["Health, safety", "Fire"] }]).value,
  "ical-generator": calendar.toString(),
};
for (const [name, text] of Object.entries(written)) {
  console.log(name, "writes", text.match(/CATEGORIES.*/)[0]);
  console.log("  node-ical reads", JSON.stringify(nodeIcal.sync.parseICS(text)[id].categories));
  console.log("  ical.js reads", JSON.stringify(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent").getFirstProperty("categories").getValues()));
}
JS
npm ls --depth 0 2>/dev/null | grep "@[0-9]"
node finding.js | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
ics writes CATEGORIES:Health, safety,Fire
  node-ical reads ["Health","safety","Fire"]
  ical.js reads ["Health"," safety","Fire"]
ical-generator writes CATEGORIES:Health\, safety,Fire
  node-ical reads ["Health\\","safety","Fire"]
  ical.js reads ["Health, safety","Fire"]
EXPECTED
