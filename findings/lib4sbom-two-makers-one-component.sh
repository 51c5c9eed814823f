#!/usr/bin/env bash
# Tool: lib4sbom 0.10.4 (PyPI), which reads lists of components (SBOMs) in SPDX and CycloneDX.
# One would guess: a list of six components is read as six: CycloneDX tells components apart by bom-ref, and a name is meant to be read
# together with its group, supplier or purl. What is read of a list does not depend on which of the two standards it is in.
# What happens: in CycloneDX name and version are the key, so of two components called "notes" in version 1.0, one by Quay and one by Holm,
# only the last is there, with its supplier and licence; the relation of the first is still listed and leads to nothing. Without a version
# both are one as well. No error and no warning. The same two in SPDX are read as two.
# Why it matters to a register: products called "Notes" or "Assistant" in version 1.0 have several makers; one supplier is missing from the
# list, and what is then found on licence and weaknesses is found for the other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check lib4sbom==0.10.4
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^lib4sbom '
cat >check.py <<'PY'
import json
from lib4sbom.parser import SBOMParser
makers = {"quay": ("Quay Ltd", "MIT"), "holm": ("Holm Ltd", "Apache-2.0")}
cyclonedx = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
    "metadata": {"component": {"type": "application", "bom-ref": "app", "name": "Care app", "version": "3"}},
    "components": [{"type": "application", "bom-ref": f"{key}-{name}", "group": f"{key}.example", "name": name, **version, "supplier": {"name": maker},
                    "licenses": [{"license": {"id": licence}}]} for key, (maker, licence) in makers.items()
                   for name, version in [("notes", {"version": "1.0"}), ("plans", {}), (f"{key}-core", {"version": "1.0"})]],
    "dependencies": [{"ref": "app", "dependsOn": ["quay-notes", "holm-notes"]}]}
spdx = {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "Care app", "documentNamespace": "https://register.example/1",
    "creationInfo": {"created": "2026-06-05T09:00:00Z", "creators": ["Tool: by-hand"]},
    "packages": [{"SPDXID": f"SPDXRef-{key}", "name": "notes", "versionInfo": "1.0", "supplier": f"Organization: {maker}", "downloadLocation": "NOASSERTION",
                  "licenseDeclared": licence} for key, (maker, licence) in makers.items()]}
for name, document in [("list.cdx.json", cyclonedx), ("list.spdx.json", spdx)]:
    json.dump(document, open(name, "w"))
    parser = SBOMParser()
    parser.parse_file(name)
    found = parser.get_packages()
    print(f"{name}: {len(document.get('components') or document['packages'])} written, {len(found)} read")
    for package in found:
        print("  ", package["name"], package.get("version"), package.get("supplier"), package.get("licensedeclared"))
    print("   relations:", *(f"{one.get('source_id')} to {one.get('target_id')}" for one in parser.get_relationships()), sep=" ")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
list.cdx.json: 6 written, 4 read
   notes 1.0 Holm Ltd Apache-2.0
   plans None Holm Ltd Apache-2.0
   quay-core 1.0 Quay Ltd MIT
   holm-core 1.0 Holm Ltd Apache-2.0
   relations: app to quay-notes app to holm-notes
list.spdx.json: 2 written, 2 read
   notes 1.0 Quay Ltd MIT
   notes 1.0 Holm Ltd Apache-2.0
   relations:
EXPECTED
