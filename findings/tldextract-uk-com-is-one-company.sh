#!/usr/bin/env bash
# Tools: tldextract 5.4.0 (PyPI), tldts 7.6.0 and psl 1.15.0 (npm), which find the registered domain by the Public Suffix List.
# One would guess: uk.com and org.uk are alike, companies register names below both, and uk.com stands in that list: brightcare.uk.com and
# holmcare.uk.com are two owners, as brightcare.org.uk and holmcare.org.uk are; libraries on one list agree.
# What happens: tldextract and tldts pass over the second half of the list ("private") unless asked, and uk.com, gb.net and co.com stand
# there: both homes have the domain uk.com. Every site made with a builder is the builder's. psl gives two owners.
# Why it matters to a register: suppliers are matched by the domain of web site or mail; small homes with such names are all one supplier, or
# are taken for duplicates of each other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check tldextract==5.4.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(tldextract) '
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund tldts@7.6.0 psl@1.15.0 >/dev/null
npm ls --depth 0 | grep @
cat >check.py <<'PY'
import tldextract
for name, private in (("tldextract", False), ("tldextract with private", True)):
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=private)
    print(name + ":", *[extract(host).top_domain_under_public_suffix for host in open("hosts.txt").read().split()])
PY
cat >check.cjs <<'JS'
const hosts = require("fs").readFileSync("hosts.txt", "utf8").trim().split("\n");
console.log("tldts:", ...hosts.map((host) => require("tldts").getDomain(host)));
console.log("psl:", ...hosts.map((host) => require("psl").get(host)));
JS
printf '%s\n' brightcare.org.uk holmcare.org.uk brightcare.uk.com holmcare.uk.com brightcare.gb.net brightcare.wixsite.com >hosts.txt
{ python/bin/python check.py; node check.cjs; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
tldextract: brightcare.org.uk holmcare.org.uk uk.com uk.com gb.net wixsite.com
tldextract with private: brightcare.org.uk holmcare.org.uk brightcare.uk.com holmcare.uk.com brightcare.gb.net brightcare.wixsite.com
tldts: brightcare.org.uk holmcare.org.uk uk.com uk.com gb.net wixsite.com
psl: brightcare.org.uk holmcare.org.uk brightcare.uk.com holmcare.uk.com brightcare.gb.net brightcare.wixsite.com
EXPECTED
