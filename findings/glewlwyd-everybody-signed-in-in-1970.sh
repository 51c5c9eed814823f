#!/usr/bin/env bash
# Tool: Glewlwyd 2.7.5 (Debian's glewlwyd), an OpenID provider, with SQLite; its ID tokens read by openid-client 6.9.0 (npm) too.
# One would guess: auth_time is when the person signed in, in seconds; it is there when max_age was asked for, and a client that asked sees that the
# sign-in is new enough. max_age=0 asks for a new sign-in.
# What happens: auth_time is 0, the first second of 1970, for a person who typed the password a moment ago. With max_age=3600 Glewlwyd itself
# finds the sign-in new enough and gives a code, and then every client that does as OpenID Connect Core, 3.1.3.7 says refuses the token for its age.
# max_age=0 is invalid_request, "max_age invalid".
# Why it matters to a register: who approves is to have signed in within the hour; with this provider nobody ever has, and signing in
# again does not help.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $glewlwyd 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
glewlwyd=
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check requests==2.34.2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund openid-client@6.9.0 >/dev/null
npm ls --depth 0 | grep openid-client
dpkg-query --show glewlwyd
openssl genpkey -algorithm RSA -out key.pem 2>/dev/null
openssl pkey -in key.pem -pubout -out public.pem
cat >glewlwyd.conf <<CONF
port = 54828
bind_address = "127.0.0.1"
external_url = "http://127.0.0.1:54828"
login_url = "login.html"
api_prefix = "api"
log_mode = "console"
log_level = "ERROR"
cookie_secure = 0
session_expiration = 3600
session_key = "session"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "/usr/lib/glewlwyd/user"
client_module_path = "/usr/lib/glewlwyd/client"
user_auth_scheme_module_path = "/usr/lib/glewlwyd/scheme"
plugin_module_path = "/usr/lib/glewlwyd/plugin"
hash_algorithm = "SHA512"
database = { type = "sqlite3" path = "$folder/glewlwyd.db" }
CONF
python3 -c 'import gzip, sqlite3; sqlite3.connect("glewlwyd.db").executescript(gzip.open("/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz", "rt").read())'
glewlwyd --config-file="$folder/glewlwyd.conf" >glewlwyd.log 2>&1 & glewlwyd=$!
for _ in $(seq 50); do curl --silent --output /dev/null http://127.0.0.1:54828/ && break; sleep 0.2; done
cat >check.py <<'PY'
import base64, json, subprocess, time, urllib.parse
import requests
place, back = "http://127.0.0.1:54828/api", "https://register.example/signed-in"
admin = requests.Session()
def send(method, path, body=None, browser=admin):
    browser.request(method, f"{place}/{path}", json=body).raise_for_status()
send("POST", "auth/", {"username": "admin", "password": "password"})
send("POST", "mod/plugin/", {"module": "oidc", "name": "oidc", "display_name": "Sign in", "parameters": {
    "iss": f"{place}/oidc", "jwt-type": "rsa", "jwt-key-size": "256", "key": open("key.pem").read(), "cert": open("public.pem").read(), "access-token-duration": 3600,
    "refresh-token-duration": 3600, "code-duration": 600, "auth-type-code-enabled": True, "allowed-scope": ["openid"]}})
send("POST", "user/", {"username": "sam", "password": "only for this", "name": "Sam Okafor", "enabled": True, "scope": ["openid"]})
send("POST", "client/", {"client_id": "register", "name": "Register", "confidential": True, "client_secret": "only-for-this", "enabled": True, "scope": [],
                         "redirect_uri": [back], "authorization_type": ["code"], "token_endpoint_auth_method": ["client_secret_basic"]})
for max_age in None, 3600, 60, 0:
    sam = requests.Session()
    query = {"response_type": "code", "client_id": "register", "redirect_uri": back, "scope": "openid", "state": "s", "nonce": "n"} | ({} if max_age is None else {"max_age": max_age})
    to = sam.get(f"{place}/oidc/auth", params=query, allow_redirects=False).headers["Location"]
    if "login.html" in to:
        send("POST", "auth/", {"username": "sam", "password": "only for this"}, sam)
        send("PUT", "auth/grant/register", {"scope": "openid"}, sam)
        to = sam.get(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(to).query))["callback_url"] + "&g_continue", allow_redirects=False).headers["Location"]
    said = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(to).query))
    if "code" in said:
        given = requests.post(f"{place}/oidc/token", data={"grant_type": "authorization_code", "code": said["code"], "redirect_uri": back}, auth=("register", "only-for-this"))
        token = json.loads(base64.urlsafe_b64decode(given.json()["id_token"].split(".")[1] + "=="))
        print(f"max_age {max_age}: auth_time {token['auth_time']}, issued in the last minute: {abs(time.time() - token['iat']) < 60}", flush=True)
        open("given.json", "w").write(given.text)
        subprocess.run(["node", "read.mjs", str(max_age)], check=True)
    else:
        print(f"max_age {max_age}: {said.get('error')}, {said.get('error_description')}")
PY
cat >read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import * as client from 'openid-client';
const given = JSON.parse(readFileSync('given.json'));
const maxAge = process.argv[2] === 'None' ? undefined : Number(process.argv[2]);
const config = new client.Configuration({ issuer: 'http://127.0.0.1:54828/api/oidc', token_endpoint: 'http://127.0.0.1:54828/api/oidc/token' }, 'register', 'only-for-this');
client.allowInsecureRequests(config);
config[client.customFetch] = async () => Response.json(given);
try {
  await client.authorizationCodeGrant(config, new URL('https://register.example/signed-in?code=c&state=s'), { expectedState: 's', expectedNonce: 'n', maxAge });
  console.log('  openid-client: signed in');
} catch (error) {
  console.log(`  openid-client: ${error.message}${error.cause?.message ? `, ${error.cause.message}` : ''}`);
}
JS
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
max_age None: auth_time 0, issued in the last minute: True
  openid-client: signed in
max_age 3600: auth_time 0, issued in the last minute: True
  openid-client: JWT timestamp claim value failed validation, too much time has elapsed since the last End-User authentication
max_age 60: auth_time 0, issued in the last minute: True
  openid-client: JWT timestamp claim value failed validation, too much time has elapsed since the last End-User authentication
max_age 0: invalid_request, max_age invalid
EXPECTED
