#!/usr/bin/env bash
# Tool: cpe 1.3.1 (PyPI), names of products in lists of weaknesses (CPE 2.3) and whether they match.
# One would guess: a name matches a set that has it in it, in whichever of the three ways of CPE 2.3 either is written: as a formatted string
# (cpe:2.3:a:...), which is how NVD publishes them, as a URI (cpe:/a:...) or as a WFN. The library itself says that the three are equal (==).
# What happens: name_match() finds nothing for a formatted string or a URI, not even itself in a set of its own kind, nor "*" in any. Only a WFN
# is matched, then against all three kinds. No error says so; all three are CPE(...) objects of version 2.3, and the set takes them all.
# Why it matters to a register: "is any of our products on this list" is answered with no for every product, and no is the good news.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check cpe==1.3.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^cpe '
cat >check.py <<'PY'
from cpe import CPE
from cpe.cpeset2_3 import CPESet2_3
name = CPE("cpe:2.3:a:quay:notes:1.0:*:*:*:*:*:*:*")
kinds = {"formatted string": name.as_fs(), "URI": name.as_uri_2_3(), "WFN": name.as_wfn()}
for asked, text in kinds.items():
    print(f"{asked}, {text[:30]}", end=":")
    for kind, held in kinds.items():
        known = CPESet2_3()
        known.append(CPE(held))
        print(f" in a set with the {kind} {known.name_match(CPE(text))}, equal {CPE(text) == CPE(held)}", end=";")
    print()
every = CPESet2_3()
every.append(CPE("cpe:2.3:a:quay:notes:1.0:*:*:*:*:*:*:*"))
for version in ["*", "1.*", "1.0"]:
    wanted = CPE(f"cpe:2.3:a:quay:notes:{version}:*:*:*:*:*:*:*")
    print(f"version {version}: as formatted string {every.name_match(wanted)}, as WFN {every.name_match(CPE(wanted.as_wfn()))}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
formatted string, cpe:2.3:a:quay:notes:1.0:*:*:*: in a set with the formatted string False, equal True; in a set with the URI False, equal True; in a set with the WFN False, equal True;
URI, cpe:/a:quay:notes:1.0: in a set with the formatted string False, equal True; in a set with the URI False, equal True; in a set with the WFN False, equal True;
WFN, wfn:[part="a", vendor="quay", : in a set with the formatted string True, equal True; in a set with the URI True, equal True; in a set with the WFN True, equal True;
version *: as formatted string False, as WFN True
version 1.*: as formatted string False, as WFN True
version 1.0: as formatted string False, as WFN True
EXPECTED
