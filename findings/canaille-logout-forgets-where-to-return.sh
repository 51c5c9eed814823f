#!/usr/bin/env bash
# Tool: Canaille 0.3.6 (PyPI), an OpenID provider, with its memory for a database; its end_session endpoint.
# One would guess: whoever signs out with an ID token (id_token_hint) and one of the client's registered post_logout_redirect_uris is signed out and comes
# back there, as RP-Initiated Logout 1.0 has it: client_id need not be sent beside the token, which names the client (aud).
# What happens: without client_id they are signed out and sent to Canaille's own front page; the address to return to and the state are lost, without
# an error, though the token was read (aud is the client). With client_id beside it they come back. Without a token they
# are asked first, as they should be.
# Why it matters to a register: whoever signs out of it is left at the provider's page and takes it for a fault, and the note "you have signed
# out" is never shown.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check 'Canaille[front,oidc]==0.3.6' Authlib==1.9.10 requests==2.34.2
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -i -E '^(canaille|authlib) '
cat >check.py <<'PY'
import base64, datetime, html.parser, json, logging, secrets, threading, urllib.parse
import requests
from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server
place, back = "http://127.0.0.1:54829", "https://register.example/signed-in"
app = create_app({"SECRET_KEY": "only for this", "SERVER_NAME": place.removeprefix("http://"), "PREFERRED_URL_SCHEME": "http", "CANAILLE": {"DATABASE": "memory"},
                  "CANAILLE_OIDC": {"ACTIVE_JWKS": [RSAKey.generate_key(2048).as_dict(private=True)]}})
logging.disable(logging.CRITICAL)
with app.app_context():
    Backend.instance.save(models.User(user_name="sam", formatted_name="Sam Okafor", family_name="Okafor", emails=["sam@example.org"], password="right"))
    client = models.Client(client_id="register", client_name="Register", client_secret="secret", client_id_issued_at=datetime.datetime.now(datetime.timezone.utc),
                           redirect_uris=[back], grant_types=["authorization_code"], response_types=["code"], scope=["openid"], post_logout_redirect_uris=["https://register.example/"], token_endpoint_auth_method="client_secret_basic")
    Backend.instance.save(client)
    client.audience = [client]
    Backend.instance.save(client)
threading.Thread(target=make_server("127.0.0.1", 54829, app, threaded=True).serve_forever, daemon=True).start()
class Form(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.fields = {}
        self.feed(page)
    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag in ("input", "button") and "name" in attributes:
            self.fields.setdefault(attributes["name"], attributes.get("value") or "")
def sign_in(browser, **more):
    query = {"response_type": "code", "client_id": "register", "redirect_uri": back, "scope": "openid", "state": "s", "nonce": secrets.token_hex(8)} | more
    address = f"{place}/oauth/authorize?{urllib.parse.urlencode(query)}"
    answer = browser.get(address, allow_redirects=False)
    for _ in range(20):
        if answer.is_redirect:
            address = urllib.parse.urljoin(address, answer.headers["location"])
            if address.startswith(back):
                return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
            answer = browser.get(address, allow_redirects=False)
            continue
        fields = Form(answer.text).fields
        for name, value in ("login", "sam"), ("password", "right"), ("answer", "accept"):
            if name in fields:
                fields[name] = value
                break
        answer = browser.post(address, data=fields, headers={"Referer": address}, allow_redirects=False)
    raise SystemExit("no end")
home = {"post_logout_redirect_uri": "https://register.example/"}
for names in "token", "token, state", "token, client_id", "token, client_id, state", "client_id, state", "nothing":
    sam = requests.Session()
    token = requests.post(f"{place}/oauth/token", data={"grant_type": "authorization_code", "code": sign_in(sam)["code"], "redirect_uri": back}, auth=("register", "secret")).json()["id_token"]
    aud = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["aud"]
    values = {"token": {"id_token_hint": token}, "client_id": {"client_id": "register"}, "state": {"state": "7"}, "nothing": {}}
    query = {} if names == "nothing" else home
    for name in names.split(", "):
        query = query | values[name]
    answer = sam.get(f"{place}/oauth/end_session", params=query, allow_redirects=False)
    where = f"sent to {answer.headers['Location']}" if answer.is_redirect else f"a page, {answer.status_code}"
    print(f"aud {aud}, signs out with {names}: {where}; signed in afterwards: {'code' in sign_in(sam, prompt='none')}")
PY
python/bin/python -W ignore check.py 2>errors.txt | tee output.txt || cat errors.txt
diff output.txt - <<'EXPECTED' && echo "as found"
aud ['register'], signs out with token: sent to /; signed in afterwards: False
aud ['register'], signs out with token, state: sent to /; signed in afterwards: False
aud ['register'], signs out with token, client_id: sent to https://register.example/; signed in afterwards: False
aud ['register'], signs out with token, client_id, state: sent to https://register.example/?state=7; signed in afterwards: False
aud ['register'], signs out with client_id, state: a page, 200; signed in afterwards: True
aud ['register'], signs out with nothing: a page, 200; signed in afterwards: True
EXPECTED
