#!/usr/bin/env bash
# Tool: spdx-tools 0.8.5 (PyPI), which writes and reads SPDX 2.3 lists of components with their suppliers.
# One would guess: a supplier called "Bright Care (UK)" that it has written itself into a valid document is read back by that name; a mail
# address is what has an @.
# What happens: whatever stands in a bracket at the end of the name becomes the address: name "Bright Care", email "UK". Its own validation
# before writing says nothing. "Bright Care (UK) Ltd" is whole, for there the bracket does not end the name; so is one with a real address.
# Why it matters to a register: many a supplier is called like its group and told apart by "(UK)", "(Holdings)" or "(2019)" alone; read from
# its parts list it is its parent, and letters go to "UK".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check spdx-tools==0.8.5
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(spdx-tools) '
cat >check.py <<'PY'
from datetime import datetime
from spdx_tools.spdx.model import Actor, ActorType, CreationInfo, Document, Package, Relationship, RelationshipType, SpdxNoAssertion
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from spdx_tools.spdx.writer.write_anything import write_file
for name, email in [("Bright Care (UK)", None), ("Bright Care (2019)", None), ("Bright Care (UK) Ltd", None), ("Bright Care (UK)", "desk@bright.example")]:
    supplier = Actor(ActorType.ORGANIZATION, name, email)
    document = Document(CreationInfo("SPDX-2.3", "SPDXRef-DOCUMENT", "list", "https://register.example/list", [supplier], datetime(2026, 11, 30)),
        packages=[Package("SPDXRef-Scribe", "Scribe", SpdxNoAssertion(), supplier=supplier, files_analyzed=False)],
        relationships=[Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, "SPDXRef-Scribe")])
    print(f"{name}, {email}: {len(validate_full_spdx_document(document))} complaints; read back:", end=" ")
    for path in ("list.spdx.json", "list.spdx"):
        write_file(document, path)
        read = parse_file(path).packages[0].supplier
        print(f"{read.name}, {read.email}", end="\n" if path == "list.spdx" else " | ")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Bright Care (UK), None: 0 complaints; read back: Bright Care, UK | Bright Care, UK
Bright Care (2019), None: 0 complaints; read back: Bright Care, 2019 | Bright Care, 2019
Bright Care (UK) Ltd, None: 0 complaints; read back: Bright Care (UK) Ltd, None | Bright Care (UK) Ltd, None
Bright Care (UK), desk@bright.example: 0 complaints; read back: Bright Care (UK), desk@bright.example | Bright Care (UK), desk@bright.example
EXPECTED
