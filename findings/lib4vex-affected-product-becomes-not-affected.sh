#!/usr/bin/env bash
# Tool: lib4vex 0.2.3 with csaf-tool 0.3.2 (PyPI), which reads what makers say on the weaknesses of their products (VEX), in three formats.
# One would guess: a weakness that affects Quay Notes and does not affect Quay Plans is read as these two, whatever the format; a statement on
# two products is read for both, since each of the formats has a list there.
# What happens: there is one product and one status for each weakness or statement. Of CSAF, where the one weakness lists products by status,
# the status read last is left: known_not_affected, of no product, beside the remedy for the affected one. Of two products in one statement
# OpenVEX gives the second and CycloneDX the first. Nothing is said of the others.
# Why it matters to a register: "are we affected" is answered from these documents; the product that is affected has gone from the answer, or
# is said not to be.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check lib4vex==0.2.3 csaf-tool==0.3.2 lib4sbom==0.10.4
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(lib4vex|csaf-tool|lib4sbom) '
cat >check.py <<'PY'
import json
from lib4vex.parser import VEXParser
when = "2026-06-05T09:00:00Z"
product = lambda name, key: {"category": "product_name", "name": name, "branches": [{"category": "product_version", "name": "1.0", "product": {"product_id": key, "name": name}}]}
documents = {
    "csaf": {
        "document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "Quay", "publisher": {"category": "vendor", "name": "Quay Ltd", "namespace": "https://quay.example"},
            "tracking": {"id": "1", "status": "final", "version": "1", "initial_release_date": when, "current_release_date": when,
                         "revision_history": [{"number": "1", "date": when, "summary": "First"}]}},
        "product_tree": {"branches": [{"category": "vendor", "name": "Quay Ltd", "branches": [product("notes", "NOTES"), product("plans", "PLANS")]}]},
        "vulnerabilities": [{"cve": "CVE-2026-0001", "notes": [{"category": "description", "text": "A weakness."}],
            "product_status": {"known_affected": ["NOTES"], "known_not_affected": ["PLANS"]},
            "threats": [{"category": "impact", "details": "Not in use there.", "product_ids": ["PLANS"]}],
            "remediations": [{"category": "vendor_fix", "details": "Use 1.1.", "product_ids": ["NOTES"]}]}]},
    "openvex": {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://quay.example/vex/1", "author": "Quay Ltd", "role": "maker", "timestamp": when, "version": 1,
        "statements": [{"vulnerability": {"name": "CVE-2026-0001"}, "timestamp": when, "status": "affected", "action_statement": "Use 1.1.",
                        "products": [{"@id": "pkg:generic/notes@1.0"}, {"@id": "pkg:generic/plans@1.0"}]}]},
    "cyclonedx": {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"timestamp": when, "component": {"type": "application", "bom-ref": "all", "name": "Quay", "version": "1.0"}},
        "vulnerabilities": [{"id": "CVE-2026-0001", "analysis": {"state": "exploitable"}, "affects": [{"ref": "notes@1.0"}, {"ref": "plans@1.0"}]}]},
}
for kind, document in documents.items():
    json.dump(document, open(f"{kind}.json", "w"))
    parser = VEXParser(vex_type=kind)
    parser.parse(f"{kind}.json")
    for found in parser.get_vulnerabilities():
        print(f"{kind}: {found['status']}; product:", found.get("Product") or found.get("product") or found.get("bom_link"), f"; action: {found.get('action') or found.get('comment')}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
csaf: known_not_affected; product: None ; action: Use 1.1.
openvex: affected; product: plans ; action: Use 1.1.
cyclonedx: exploitable; product: notes@1.0 ; action: None
EXPECTED
