#!/usr/bin/env bash
# Tool: joserfc 1.8.0 (PyPI), JWTClaimsRegistry().validate(); beside it PyJWT 2.15.1 (PyPI).
# One would guess: a token made a moment ago on the same clock is valid. RFC 7519 lets iat and nbf have a fraction of a second, and
# providers written in Python put in time.time() as it is.
# What happens: joserfc takes its own time in whole seconds, rounded down, and compares that with the fraction: a token made in the same
# second is refused ("The token was issued in the future", and with nbf, not valid yet). In the next second it is valid. No leeway is the
# default. PyJWT compares with the fraction of its own clock and accepts the token at once.
# Why it matters to a register: sign-in through a quick provider next door fails most of the time and works when tried by hand, slowly.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check joserfc==1.8.0 pyjwt==2.15.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -i -E '^(joserfc|pyjwt) '
cat >check.py <<'PY'
import time
import jwt as pyjwt
from joserfc import jwt
from joserfc.jwk import OctKey
secret = "0123456789abcdef0123456789abcdef"
def judged(claims):
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))
    try:
        jwt.JWTClaimsRegistry().validate(jwt.decode(token, OctKey.import_key(secret)).claims)
        verdict = "valid"
    except Exception as error:
        verdict = str(error)
    return f"joserfc: {verdict}; PyJWT: {'valid' if pyjwt.decode(token, secret, algorithms=['HS256']) else ''}"
while not 0.2 < time.time() % 1 < 0.4:
    time.sleep(0.05)
made = time.time() - 0.05
print("iat with a fraction, at once:    ", judged({"sub": "sam", "iat": made}))
print("nbf with a fraction, at once:    ", judged({"sub": "sam", "nbf": made}))
print("iat in whole seconds, at once:   ", judged({"sub": "sam", "iat": int(made)}))
time.sleep(1)
print("iat with a fraction, a second on:", judged({"sub": "sam", "iat": made}))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
iat with a fraction, at once:     joserfc: invalid_claim: The token was issued in the future; PyJWT: valid
nbf with a fraction, at once:     joserfc: invalid_claim: The token is not yet valid; PyJWT: valid
iat in whole seconds, at once:    joserfc: valid; PyJWT: valid
iat with a fraction, a second on: joserfc: valid; PyJWT: valid
EXPECTED
