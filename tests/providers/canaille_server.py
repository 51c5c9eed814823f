"""Canaille with its memory for a database, as it comes: it says nothing of email_verified, and sends the address, the name and the groups."""

import datetime
import threading

from browser import form, free_port, serve, walk
from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from werkzeug.serving import WSGIRequestHandler, make_server

# A login form is sent again with what was typed in the one before it.
TYPED = {"login": "sam", "password": "only for tests"}


class Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


def main() -> None:
    port = free_port()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    app = create_app({
        "SECRET_KEY": "only for tests",
        "SERVER_NAME": f"127.0.0.1:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {"DATABASE": "memory"},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()]},
    })
    with app.app_context():
        sam = models.User(user_name="sam", formatted_name="Sam Okafor", family_name="Okafor", emails=["sam@example.org"], password=TYPED["password"])
        Backend.instance.save(sam)
        Backend.instance.save(models.Group(display_name="directors", members=[sam]))
        client = models.Client(
            client_id="diligence",
            client_name="Diligence",
            client_secret="the-secret-of-the-tests",
            client_id_issued_at=datetime.datetime.now(datetime.timezone.utc),
            redirect_uris=[],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "email", "profile", "groups"],
            token_endpoint_auth_method="client_secret_basic",
            contacts=["admin@example.org"],
        )
        Backend.instance.save(client)
        # Its tokens are for whoever is named here, and for nobody without.
        client.audience = [client]
        Backend.instance.save(client)
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def fill(page: str) -> tuple[str, dict[str, str]] | None:
        for field, value in TYPED.items():
            if found := form(page, field):
                return found[0], found[1] | {field: value}
        if found := form(page, "answer"):
            return found[0], found[1] | {"answer": "accept"}
        return None

    def sign_in(place: str, callback: str) -> str:
        if callback not in client.redirect_uris:
            with app.app_context():
                client.redirect_uris = [*client.redirect_uris, callback]
                Backend.instance.save(client)
        return walk(place, callback, fill)

    serve(f"http://127.0.0.1:{port}", sign_in)
    server.shutdown()


if __name__ == "__main__":
    main()
