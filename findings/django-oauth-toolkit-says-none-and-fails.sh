#!/usr/bin/env bash
# Tool: django-oauth-toolkit 3.4.1 (PyPI), a site's own OpenID provider, with Django 5.2.19 and oauthlib 4.0.1 (PyPI).
# One would guess: what its discovery document lists under prompt_values_supported ("none" and "login") can be asked for; for "none" a program gets its
# code without a page, or one of the errors that OpenID Connect Core has for it, login_required or consent_required.
# What happens: prompt=none is answered 500, for people who are signed in and for those who are not: NotImplementedError, "Subclasses must implement
# this method", one of oauthlib's that each site would have to write (validate_silent_login). Without the scope openid, where prompt has no meaning, all goes as
# guessed. The 500 is known since 2023 (django-oauth-toolkit's issue 1268); that it is offered is new.
# Why it matters to a register: it looks whether somebody is still signed in with prompt=none, because the document says that this is possible,
# and shows them the provider's "Server Error" and not its own page.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check django-oauth-toolkit==3.4.1 Django==5.2.19 oauthlib==4.0.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -i -E '^(django|django-oauth-toolkit|oauthlib) '
cat >check.py <<'PY'
import logging, urllib.parse
import django
from django.conf import settings
from jwcrypto.jwk import JWK
settings.configure(
    SECRET_KEY="only for this", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, LOGIN_URL="/sign-in/", USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    OAUTH2_PROVIDER={"OIDC_ENABLED": True, "OIDC_RSA_PRIVATE_KEY": JWK.generate(kty="RSA", size=2048).export_to_pem(True, None).decode(),
                     "SCOPES": {"openid": "who you are", "read": "what you may see"}, "PKCE_REQUIRED": False})
django.setup()
logging.disable(logging.CRITICAL)
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import include, path
from oauth2_provider.models import Application
urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
call_command("migrate", verbosity=0)
sam, back = User.objects.create_user("sam", "sam@example.org", "right"), "https://register.example/signed-in"
Application.objects.create(name="Register", client_id="register", client_type="confidential", authorization_grant_type="authorization-code", algorithm="RS256",
                           redirect_uris=back, skip_authorization=True)
document = Client().get("/o/.well-known/openid-configuration").json()
print("prompt_values_supported:", *document["prompt_values_supported"])
for who in "signed in", "not signed in":
    for scope in "openid", "read":
        for prompt in "", "none", "login":
            browser = Client(raise_request_exception=False)
            if who == "signed in":
                browser.force_login(sam)
            query = {"response_type": "code", "client_id": "register", "redirect_uri": back, "scope": scope, "state": "s"} | ({"prompt": prompt} if prompt else {})
            answer = browser.get("/o/authorize/", query)
            said = f"{answer.status_code}"
            if location := answer.headers.get("Location"):
                to = urllib.parse.urlsplit(location)
                given = dict(urllib.parse.parse_qsl(to.query))
                said = "a code" if "code" in given else given.get("error") or f"{to.path}"
            elif getattr(answer, "exc_info", None):
                said += f" {answer.exc_info[0].__name__}: {answer.exc_info[1]}"
            print(f"{who}, scope {scope}, prompt {prompt or 'not given'}: {said}")
PY
python/bin/python -W ignore check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
prompt_values_supported: none login
signed in, scope openid, prompt not given: a code
signed in, scope openid, prompt none: 500 NotImplementedError: Subclasses must implement this method.
signed in, scope openid, prompt login: /sign-in/
signed in, scope read, prompt not given: a code
signed in, scope read, prompt none: a code
signed in, scope read, prompt login: /sign-in/
not signed in, scope openid, prompt not given: /sign-in/
not signed in, scope openid, prompt none: 500 NotImplementedError: Subclasses must implement this method.
not signed in, scope openid, prompt login: /sign-in/
not signed in, scope read, prompt not given: /sign-in/
not signed in, scope read, prompt none: login_required
not signed in, scope read, prompt login: /sign-in/
EXPECTED
