#!/usr/bin/env bash
# Tool: Canaille 0.3.6 (PyPI), an OpenID provider, with its memory for a database.
# One would guess: max_age=0 in an authorization request is what OpenID Connect Core says of it, the same as prompt=login: the person signs in
# anew, and then the program gets its code. With prompt=none beside it the answer is login_required, as there may be no page.
# What happens: there is never a code. Whoever has typed the right password is asked for it again, and again, as the sign-in is older than
# nothing at all when the request is looked at anew a moment later (auth_time goes to the microsecond, and says so: 1796082696.537191). max_age=1
# works if the password is typed and the page comes back in one second. prompt=none with max_age=0 shows the login page to somebody who is signed in.
# prompt=login works.
# Why it matters to a register: who approves a product is to sign in anew, which is asked for with max_age=0; here they never come back.
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
place, back = "http://127.0.0.1:54827", "https://register.example/signed-in"
app = create_app({"SECRET_KEY": "only for this", "SERVER_NAME": place.removeprefix("http://"), "PREFERRED_URL_SCHEME": "http", "CANAILLE": {"DATABASE": "memory"},
                  "CANAILLE_OIDC": {"ACTIVE_JWKS": [RSAKey.generate_key(2048).as_dict(private=True)]}})
logging.disable(logging.CRITICAL)
with app.app_context():
    Backend.instance.save(models.User(user_name="sam", formatted_name="Sam Okafor", family_name="Okafor", emails=["sam@example.org"], password="right"))
    client = models.Client(client_id="register", client_name="Register", client_secret="secret", client_id_issued_at=datetime.datetime.now(datetime.timezone.utc),
                           redirect_uris=[back], grant_types=["authorization_code"], response_types=["code"], scope=["openid"], token_endpoint_auth_method="client_secret_basic")
    Backend.instance.save(client)
    client.audience = [client]
    Backend.instance.save(client)
threading.Thread(target=make_server("127.0.0.1", 54827, app, threaded=True).serve_forever, daemon=True).start()
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
    address, passwords, told = f"{place}/oauth/authorize?{urllib.parse.urlencode(query)}", 0, []
    answer = browser.get(address, allow_redirects=False)
    for _ in range(60):
        if answer.is_redirect:
            address = urllib.parse.urljoin(address, answer.headers["location"])
            if address.startswith(back):
                return f"the password {passwords} times, then {', '.join(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query)).keys() - {'state', 'iss'})}", address
            answer = browser.get(address, allow_redirects=False)
            continue
        fields = Form(answer.text).fields
        if more.get("prompt") == "none":
            return f"a page that asks for {' '.join(sorted(fields.keys() & {'login', 'password', 'answer'}))}", None
        for name, value in ("login", "sam"), ("password", "right"), ("answer", "accept"):
            if name in fields:
                fields[name] = value
                passwords += name == "password"
                break
        if passwords == 4:
            return "the password asked for a fourth time", None
        answer = browser.post(address, data=fields, headers={"Referer": address}, allow_redirects=False)
    return "no end", None
sam = requests.Session()
said, address = sign_in(sam)
print("signed in first:", said)
code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))["code"]
token = requests.post(f"{place}/oauth/token", data={"grant_type": "authorization_code", "code": code, "redirect_uri": back}, auth=("register", "secret")).json()["id_token"]
auth_time = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["auth_time"]
print("auth_time is", type(auth_time).__name__)
for more in {}, {"max_age": 3600}, {"prompt": "login"}, {"prompt": "none"}, {"prompt": "none", "max_age": 3600}, {"max_age": 0}, {"prompt": "none", "max_age": 0}:
    print(f"{urllib.parse.urlencode(more) or 'nothing more'}: {sign_in(sam, **more)[0]}")
print(f"max_age=0 in a new browser: {sign_in(requests.Session(), max_age=0)[0]}")
PY
python/bin/python -W ignore check.py 2>errors.txt | tee output.txt || cat errors.txt
diff output.txt - <<'EXPECTED' && echo "as found"
signed in first: the password 1 times, then code
auth_time is float
nothing more: the password 0 times, then code
max_age=3600: the password 0 times, then code
prompt=login: the password 1 times, then code
prompt=none: the password 0 times, then code
prompt=none&max_age=3600: the password 0 times, then code
max_age=0: the password asked for a fourth time
prompt=none&max_age=0: a page that asks for password
max_age=0 in a new browser: the password asked for a fourth time
EXPECTED
