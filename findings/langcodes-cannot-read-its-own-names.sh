#!/usr/bin/env bash
# Tool: langcodes 3.5.1 with language_data 1.4.0 (PyPI), find(), which finds a language by its name, and display_name(), which names it.
# One would guess: the name that display_name() gives is found by find() as the same language, the more so as find() knows "Brazilian
# Portuguese" and "UK English"; a name that it understands in part only is a LookupError, as one that it does not know is.
# What happens: a bracket is dropped without a word: English (United Kingdom) is English anywhere, and matched with what there is, American;
# Portuguese (Portugal) goes to Brazil, Serbian (Latin) and Serbian (Cyrillic) are one. Chinese (Traditional) is kept and Chinese
# (Simplified) is not. English (UK) is found whole. Of two languages, "Polish / Urdu", only the first is there.
# Why it matters to a register: "which languages do you support" is answered in such names, by people and by programs that show them; which
# letters and which country a product is made for gets lost, and so does every language after the first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check langcodes==3.5.1 language_data==1.4.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(langcodes|language_data) '
cat >check.py <<'PY'
import langcodes
for tag in ["cy", "en-GB", "pt-PT", "pt-BR", "zh-Hans", "zh-Hant", "sr-Latn", "sr-Cyrl", "pa-Arab"]:
    name = langcodes.get(tag).display_name()
    print(f"{tag}: {name}: {langcodes.find(name)}")
for name in ["English (UK)", "Brazilian Portuguese", "Polish / Urdu", "Klang"]:
    try:
        print(f"{name}: {langcodes.find(name)}")
    except LookupError as error:
        print(f"{name}: LookupError")
for name in ["UK English", "English (United Kingdom)", "Portuguese (Portugal)"]:
    print(f"{name}, the best of what there is:", langcodes.closest_supported_match(langcodes.find(name), ["en-US", "en-GB", "pt-BR", "pt-PT"]))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
cy: Welsh: cy
en-GB: English (United Kingdom): en
pt-PT: Portuguese (Portugal): pt
pt-BR: Portuguese (Brazil): pt
zh-Hans: Chinese (Simplified): zh
zh-Hant: Chinese (Traditional): zh-Hant
sr-Latn: Serbian (Latin): sr
sr-Cyrl: Serbian (Cyrillic): sr
pa-Arab: Punjabi (Arabic): pa
English (UK): en-GB
Brazilian Portuguese: pt-BR
Polish / Urdu: pl
Klang: LookupError
UK English, the best of what there is: en-GB
English (United Kingdom), the best of what there is: en-US
Portuguese (Portugal), the best of what there is: pt-BR
EXPECTED
