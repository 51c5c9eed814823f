"""django-oauth-toolkit, as somebody's own site has it: PKCE must be used, a scope that it does not know is refused, and what is sent of a
person is the site's own affair, here `email_verified` as a text and the groups as a text with commas."""

import pathlib
import sys
import tempfile
import threading

import django
from browser import form, free_port, serve, walk
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings

LOGIN = '<form method="post">{% csrf_token %}{{ form }}<input type="hidden" name="next" value="{{ next }}"><button>Sign in</button></form>'


def configure(folder: str) -> None:
    (templates := pathlib.Path(folder, "registration")).mkdir()
    (templates / "login.html").write_text(LOGIN)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    settings.configure(
        DEBUG=False,
        ALLOWED_HOSTS=["127.0.0.1"],
        SECRET_KEY="only for tests",
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [folder],
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }],
        # Whoever is going to write waits for their turn: otherwise two at once are told that the database is locked.
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": f"{folder}/django.db",
                "OPTIONS": {"timeout": 60, "transaction_mode": "IMMEDIATE"},
            }
        },
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        LOGIN_URL="/accounts/login/",
        USE_TZ=True,
        LOGGING_CONFIG=None,
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "SCOPES": {"openid": "who you are", "email": "your address", "groups": "what you belong to"},
            "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Validator",
            "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
        },
    )
    # What is named here is found under the name that settings have.
    sys.modules.setdefault(__name__, sys.modules["__main__"])
    django.setup()


with tempfile.TemporaryDirectory() as folder:
    configure(folder)
    from django.contrib.auth.models import User
    from django.contrib.auth.views import LoginView
    from django.core.management import call_command
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application
    from django.urls import include, path
    from oauth2_provider.models import Application
    from oauth2_provider.oauth2_validators import OAuth2Validator

    class Validator(OAuth2Validator):
        oidc_claim_scope = None

        def get_additional_claims(self, request):
            return {"email": request.user.email, "email_verified": "true", "name": request.user.get_full_name(), "groups": "directors,carers"}

    urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")), path("accounts/login/", LoginView.as_view())]

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    call_command("migrate", verbosity=0)
    User.objects.create_user("sam", "sam@example.org", "only for tests", first_name="Sam", last_name="Okafor")
    application = Application.objects.create(
        name="Diligence",
        client_id="diligence",
        client_secret="the-secret-of-the-tests",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        algorithm=Application.RS256_ALGORITHM,
        redirect_uris="",
    )

    def fill(page: str) -> tuple[str, dict[str, str]] | None:
        if found := form(page, "password"):
            return found[0], found[1] | {"username": "sam", "password": "only for tests"}
        if found := form(page, "allow"):
            return found[0], found[1] | {"allow": "Authorize"}
        return None

    def sign_in(place: str, callback: str) -> str:
        if callback not in application.redirect_uris.split():
            application.redirect_uris = f"{application.redirect_uris} {callback}".strip()
            application.save()
        return walk(place, callback, fill)

    server = ThreadedWSGIServer(("127.0.0.1", port := free_port()), Quiet)
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    serve(f"http://127.0.0.1:{port}/o", sign_in)
    server.shutdown()
