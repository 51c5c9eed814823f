#!/usr/bin/env bash
# Tool: joserfc 1.8.0 (PyPI), KeySet.import_key_set(); beside it PyJWT 2.15.1 and jwcrypto 1.6.1 (PyPI).
# One would guess: a key in a provider's key set that the library does not know is passed over, as RFC 7517 section 5 asks both for kinds of
# key "not understood" and for values "out of the supported ranges", and joserfc says so in its source.
# What happens: a key of an unknown kind (kty) is passed over, but one of a known kind on an unknown curve (crv), such as the BP-256 of
# Germany's health network, ends in KeyError: 'BP-256', and the good key beside it is not imported either. The error is none of joserfc's own,
# so a program that catches JoseError does not catch it. PyJWT keeps the good key; jwcrypto takes the set.
# Why it matters to a register: on the day a provider adds such a key for other clients, nobody can sign in here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check joserfc==1.8.0 pyjwt==2.15.1 jwcrypto==1.6.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -i -E '^(joserfc|pyjwt|jwcrypto) '
cat >check.py <<'PY'
import json
import jwt as pyjwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from jwcrypto.jwk import JWKSet
good = ECKey.generate_key("P-256", {"kid": "ours", "use": "sig"}).as_dict(private=False)
point = {"x": "A" * 43, "y": "A" * 43}
for name, other in {"unknown kind": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, "unknown curve": {"kty": "EC", "crv": "BP-256", **point}}.items():
    keys = {"keys": [good, {"kid": "theirs", "use": "sig", **other}]}
    try:
        found = [key.kid for key in KeySet.import_key_set(keys).keys]
    except Exception as error:
        found = f"{error!r}, a JoseError: {isinstance(error, JoseError)}"
    print(f"{name}: joserfc {found}; PyJWT {[key.key_id for key in pyjwt.PyJWKSet.from_dict(keys).keys]};"
          f" jwcrypto has ours: {JWKSet.from_json(json.dumps(keys)).get_key('ours') is not None}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
unknown kind: joserfc ['ours']; PyJWT ['ours']; jwcrypto has ours: True
unknown curve: joserfc KeyError('BP-256'), a JoseError: False; PyJWT ['ours']; jwcrypto has ours: True
EXPECTED
