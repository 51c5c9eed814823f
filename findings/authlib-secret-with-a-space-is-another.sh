#!/usr/bin/env bash
# Tool: Authlib 1.9.10 (PyPI), its authorization server for Flask, asked by oauth4webapi 3.8.8 (npm) and by Authlib's own client.
# One would guess: a client's secret in HTTP Basic is read as RFC 6749, 2.3.1 has it written: application/x-www-form-urlencoded, where a space
# is "+"; and at the least Authlib's server understands Authlib's client.
# What happens: the server undoes %20 but not "+". The secret "kept by both" from a client that keeps to the standard comes as "kept+by+both" and
# is a wrong one (invalid_client). Authlib's own client writes the secret as it is, not encoded, so that "low%20tier" is wrong for
# Authlib's server, which takes it for "low tier". With letters, digits and most signs all agree, so it works until somebody's secret has such a sign.
# Why it matters to a register: people sign in to it through providers that are built on Authlib, Canaille for one; a secret of a few
# words makes every sign-in fail after the password, and invalid_client does not say why.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $server 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
server=
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check Authlib==1.9.10 Flask==3.1.3 requests==2.34.2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund oauth4webapi@3.8.8 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E -i '^(authlib|flask|requests) '
npm ls --depth 0 | grep oauth4webapi
cat >server.py <<'PY'
import json, logging
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from flask import Flask
class Client(ClientMixin):
    def __init__(self, client_id):
        self.client_id, self.secret = client_id, json.load(open("secrets.json"))[int(client_id.removeprefix("client-"))]
    def get_client_id(self):
        return self.client_id
    def check_client_secret(self, secret):
        return secret == self.secret
    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"
    def check_grant_type(self, grant_type):
        return grant_type == "client_credentials"
    def get_allowed_scope(self, scope):
        return ""
app = Flask(__name__)
server = AuthorizationServer(app, query_client=Client, save_token=lambda token, request: None)
server.register_grant(ClientCredentialsGrant)
app.post("/token")(server.create_token_response)
logging.getLogger("werkzeug").setLevel(logging.ERROR)
app.run(port=54799)
PY
cat >secrets.json <<'JSON'
["kept-by-both", "kept by both", "half+half", "low%20tier"]
JSON
cat >own.py <<'PY'
import json
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
for number, secret in enumerate(json.load(open("secrets.json"))):
    try:
        session = OAuth2Session(f"client-{number}", secret, token_endpoint_auth_method="client_secret_basic")
        said = session.fetch_token("http://127.0.0.1:54799/token", grant_type="client_credentials")["token_type"]
    except OAuthError as error:
        said = error.error
    print(f"Authlib's own client, {secret}: {said}")
PY
cat >other.mjs <<'JS'
import { readFileSync } from 'node:fs';
import * as oauth from 'oauth4webapi';
const as = { issuer: 'http://127.0.0.1:54799', token_endpoint: 'http://127.0.0.1:54799/token' };
for (const [number, secret] of JSON.parse(readFileSync('secrets.json')).entries()) {
  const client = { client_id: `client-${number}` };
  let sent;
  const answer = await oauth.clientCredentialsGrantRequest(as, client, oauth.ClientSecretBasic(secret), {}, {
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: (address, options) => { sent = new Headers(options.headers).get('authorization'); return fetch(address, options); } });
  const body = await answer.json();
  console.log(`oauth4webapi, ${secret}, sent as ${Buffer.from(sent.split(' ')[1], 'base64').toString().split(':')[1]}: ${body.token_type ?? body.error}`);
}
JS
AUTHLIB_INSECURE_TRANSPORT=1 python/bin/python server.py >server.log 2>&1 & server=$!
for _ in $(seq 50); do curl --silent --output /dev/null http://127.0.0.1:54799/ && break; sleep 0.2; done
{ node other.mjs; AUTHLIB_INSECURE_TRANSPORT=1 python/bin/python own.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
oauth4webapi, kept-by-both, sent as kept%2Dby%2Dboth: Bearer
oauth4webapi, kept by both, sent as kept+by+both: invalid_client
oauth4webapi, half+half, sent as half%2Bhalf: Bearer
oauth4webapi, low%20tier, sent as low%2520tier: Bearer
Authlib's own client, kept-by-both: Bearer
Authlib's own client, kept by both: Bearer
Authlib's own client, half+half: Bearer
Authlib's own client, low%20tier: invalid_client
EXPECTED
