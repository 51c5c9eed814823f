"""Glewlwyd, Debian's OpenID Connect provider, with SQLite. As it comes: it refuses PKCE, and says nothing of email_verified."""

import gzip
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import urllib.parse

import requests
from browser import free_port, serve, wait_for
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SCOPES = ["openid", "email", "profile", "groups"]

SCHEMA = pathlib.Path("/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz")
CONFIG = """
port = {port}
bind_address = "127.0.0.1"
external_url = "{address}"
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
database = {{ type = "sqlite3" path = "{folder}/glewlwyd.db" }}
"""


def main() -> None:
    program = shutil.which("glewlwyd") or sys.exit("there is no glewlwyd: apt-get install glewlwyd")
    schema = gzip.decompress(SCHEMA.read_bytes()).decode() if SCHEMA.exists() else sys.exit(f"{SCHEMA} is missing")
    with tempfile.TemporaryDirectory() as folder:
        address = f"http://127.0.0.1:{(port := free_port())}/"
        with sqlite3.connect(f"{folder}/glewlwyd.db") as database:
            database.executescript(schema)
        (config := pathlib.Path(folder, "glewlwyd.conf")).write_text(CONFIG.format(port=port, address=address, folder=folder))
        process = subprocess.Popen([program, f"--config-file={config}"], stdin=subprocess.DEVNULL, stdout=sys.stderr)
        try:
            wait_for(address, process)
            issuer = set_up(address)
            serve(issuer, lambda place, callback: sign_in(address, place, callback))
        finally:
            process.kill()
            process.wait()


class Admin:
    def __init__(self, address: str) -> None:
        self.address, self.session = address, requests.Session()
        self.send("POST", "auth/", {"username": "admin", "password": "password"})

    def send(self, method: str, path: str, body: object = None) -> requests.Response:
        answer = self.session.request(method, f"{self.address}api/{path}", json=body, timeout=10)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer


def set_up(address: str) -> str:
    admin = Admin(address)
    for scope in SCOPES[1:]:
        admin.send("POST", "scope/", {"name": scope, "display_name": scope, "password_required": False, "scheme": {}})
    issuer = f"{address}api/oidc"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    parameters = {
        "iss": issuer,
        "jwt-type": "rsa",
        "jwt-key-size": "256",
        "key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "cert": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "access-token-duration": 3600,
        "refresh-token-duration": 3600,
        "code-duration": 600,
        "auth-type-code-enabled": True,
        "auth-type-refresh-enabled": True,
        "allowed-scope": SCOPES,
        "email-claim": "mandatory",
        "name-claim": "mandatory",
        "claims": [{"name": "groups", "user-property": "groups", "type": "string", "mandatory": True, "scope": ["groups"]}],
    }
    admin.send("POST", "mod/plugin/", {"module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "parameters": parameters})
    # A property of its own for what people belong to.
    module = admin.send("GET", "mod/user/database").json()
    module["parameters"]["data-format"]["groups"] = {"multiple": True, "read": True, "write": True}
    admin.send("PUT", "mod/user/database", module)
    admin.send("PUT", "mod/user/database/reset")
    person = {"username": "sam", "password": "only for tests", "name": "Sam Okafor", "email": "sam@example.org", "enabled": True, "scope": SCOPES, "groups": ["directors"]}
    admin.send("POST", "user/", person)
    admin.send("POST", "client/", client([]))
    return issuer


def client(callbacks: list[str]) -> dict[str, object]:
    return {
        "client_id": "diligence", "name": "Diligence", "confidential": True, "client_secret": "the-secret-of-the-tests", "password": "the-secret-of-the-tests", "enabled": True,
        "scope": [], "redirect_uri": callbacks, "authorization_type": ["code"], "token_endpoint_auth_method": ["client_secret_basic"],
    }


callbacks: list[str] = []


def sign_in(address: str, place: str, callback: str) -> str:
    """As its own pages do, which are scripts: signs in and grants scopes by its API."""
    if callback not in callbacks:
        callbacks.append(callback)
        Admin(address).send("PUT", "client/diligence", client(callbacks))
    browser = requests.Session()
    answer = browser.get(place, allow_redirects=False, timeout=10)
    location = answer.headers.get("location", "")
    if "login.html" in location:
        browser.post(f"{address}api/auth/", json={"username": "sam", "password": "only for tests"}, timeout=10).raise_for_status()
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(place).query)["scope"][0]
        browser.put(f"{address}api/auth/grant/diligence", json={"scope": asked}, timeout=10).raise_for_status()
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(location).query)
        answer = browser.get(f"{query['callback_url'][0]}&g_continue", allow_redirects=False, timeout=10)
        location = answer.headers.get("location", "")
    return location if location.startswith(callback) else f"nowhere: {answer.status_code} {location} {answer.text[:300]}"


if __name__ == "__main__":
    main()
