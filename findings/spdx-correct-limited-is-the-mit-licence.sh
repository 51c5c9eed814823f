#!/usr/bin/env bash
# Tool: spdx-correct 3.2.0 (npm), which makes the identifier of a licence of what people wrote, or null where it has no idea.
# One would guess: what names no open licence gives null, as "Proprietary", "Commercial" and "All rights reserved" do. So does UNLICENSED, with
# which a package.json says that no licence is granted.
# What happens: UNLICENSED becomes Unlicense, the dedication to the public domain: its opposite. "Limited", "Quay Systems Limited", "Submitted
# separately" and "Permitted under contract" become MIT, for the three letters stand within a word. "BSL", by which most makers mean the
# Business Source License, is the one of Boost; EUPL, the European Union's without its number, is UPL-1.0; "or-newer" becomes "only".
# Why it matters to a register: the licence of a product and of its parts is free text in questionnaires and lists of components; what nobody
# may use without a contract is put down as free for all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund spdx-correct@3.2.0 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const correct = require('spdx-correct');
for (const written of ['Proprietary', 'Commercial', 'All rights reserved', 'UNLICENSED', 'Limited', 'Quay Systems Limited', 'Submitted separately', 'Permitted under contract', 'BSL', 'EUPL', 'GPL-2.0-or-newer'])
  console.log(`${written}: ${correct(written)}`);
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Proprietary: null
Commercial: null
All rights reserved: null
UNLICENSED: Unlicense
Limited: MIT
Quay Systems Limited: MIT
Submitted separately: MIT
Permitted under contract: MIT
BSL: BSL-1.0
EUPL: UPL-1.0
GPL-2.0-or-newer: GPL-2.0-only
EXPECTED
