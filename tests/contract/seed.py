"""Real items for the contract tests: made through the API itself, in the state that an operation needs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import os
import struct
import time
import uuid
from datetime import date, timedelta
from typing import Any

import requests

# For dates that must not be past (an acceptance ends within two years), and for those that must not be ahead.
FUTURE = (date.today() + timedelta(days=300)).isoformat()
SOON = (date.today() + timedelta(days=90)).isoformat()
PAST = (date.today() - timedelta(days=30)).isoformat()
QUESTIONNAIRE = "supplier-security"
PASSWORD = "plum chair river nine"


class Refused(Exception):
    """The API refused what should have made a test's item."""


def best(question: dict[str, Any]) -> Any:
    """The answer to `question` that is worth most."""
    kind = question["type"]
    if kind in ("yes_no", "single_choice"):
        return max(question["options"], key=lambda option: option["points"])["value"]
    if kind == "multiple_choice":
        return [option["value"] for option in question["options"] if option["points"] > 0 and not option.get("exclusive")]
    if kind == "number":
        return max(question["bands"], key=lambda band: band["points"]).get("at_least", 0)
    if kind == "date":
        dated = [band["on_or_after"] for band in question["bands"] if band.get("on_or_after")]
        return dated[0] if dated else PAST
    return "It is written down, tested twice a year, and the last test is on file."


def code_at(secret: str, moment: float) -> str:
    """The six digits that an authenticator app with `secret` shows at `moment` (RFC 6238)."""
    padded = secret + "=" * (-len(secret) % 8)
    digest = hmac.new(base64.b32decode(padded), struct.pack(">Q", int(moment) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


class Person:
    """Someone who belongs to the organisation of `register`, in a session of theirs."""

    def __init__(self, register: Register, email: str | None = None) -> None:
        self.address = register.address
        self.email = email or f"made.for.a.test.{uuid.uuid4().hex}@example.org"
        token = register.call("POST", "/invitations", {"email": self.email, "name": "Sam", "role": "viewer"}).json()["token"]
        self.send("POST", "/invitations/accept", {"token": token, "password": PASSWORD})
        self.secret = ""
        self.token: str | None = None
        self.sign_in()

    def sign_in(self) -> None:
        self.headers: dict[str, str] = {}
        response = self.send("POST", "/sessions", {"email": self.email, "password": PASSWORD})
        cookie = response.cookies["diligence"]
        # A tool that looks for the cookie by the name it has in the document finds it too.
        self.headers = {"Cookie": f"diligence={cookie}; __Host-diligence={cookie}", "X-CSRF-Token": response.json()["csrf_token"]}
        self.session = response.json()

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        headers = getattr(self, "headers", {})
        response = requests.request(method, self.address + path, json=body, headers=headers, timeout=30)
        if response.status_code >= 400:
            raise Refused(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return response

    def begin_mfa(self) -> None:
        self.secret = self.send("POST", "/users/me/mfa/enrol", {"password": PASSWORD}).json()["secret"]

    def enrol_mfa(self) -> None:
        self.begin_mfa()
        self.send("POST", "/users/me/mfa/confirm", {"code": code_at(self.secret, time.time())})

    def code(self) -> str:
        # The next one, since the present one may have been used. However long it is on its way, neither comes too late.
        return code_at(self.secret, time.time() + 30)


def questions(edition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every question of an edition's document, by key."""
    return {question["key"]: question for section in edition["sections"] for question in section["questions"]}


class Register:
    """One organisation's register, filled with an administrator's key.

    `item(operation)` gives the path parameters of an item that `operation` can act on. It stays the same until
    `spend(operation)` says that it has been changed; so refusals cost nothing, and each change starts afresh.
    """

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"
        # Another run on the same database makes items of its own.
        self.run = os.environ.get("DILIGENCE_ROLE", "respondent")
        self.numbers = itertools.count(1)
        self.items: dict[str, dict[str, str]] = {}
        self.owners: dict[str, Person] = {}
        self.other: Register | None = None
        self.product_count = 0
        self.answers: dict[str, Any] = {}
        self.identity: dict[str, str] = {}
        self.supplier = self.make("/suppliers", {"name": "The supplier that stays"})
        self.product = self.make("/products", {"supplier_id": self.supplier, "name": "The product that stays", "kind": "software"})
        latest = next(entry["latest_edition"] for entry in self.pages("/questionnaires") if entry["key"] == QUESTIONNAIRE)
        self.edition = self.call("GET", f"/questionnaires/{QUESTIONNAIRE}/editions/{latest}").json()
        self.policy = self.call("GET", "/policy").json()
        self.sign_in_policy = self.call("GET", "/sign-in-policy").json()
        self.organisation = self.call("GET", "/organisation").json()

    def call(self, method: str, path: str, body: Any = None, etag: str | None = None) -> requests.Response:
        headers = {"If-Match": etag} if etag else {}
        response = self.session.request(method, self.address + path, json=body, headers=headers, timeout=30)
        if response.status_code >= 400:
            raise Refused(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return response

    def pages(self, path: str) -> list[dict[str, Any]]:
        items, cursor = [], ""
        while True:
            page = self.call("GET", f"{path}{'&' if '?' in path else '?'}limit=200{cursor}").json()
            items += page["items"]
            if not page["next"]:
                return items
            cursor = f"&cursor={page['next']}"

    def make(self, path: str, body: Any) -> str:
        return self.call("POST", path, body).json()["id"]

    def etag(self, path: str) -> str | None:
        """The present ETag of the item at `path` (an address below `/api/v1`), or nothing where there is none."""
        response = self.session.get(self.address + path, timeout=30)
        return response.headers.get("ETag") if response.status_code == 200 else None

    def act(self, path: str, action: str, body: Any = None, method: str = "POST") -> None:
        """`POST /path/action` on the version that is there."""
        self.call(method, f"{path}/{action}", body, self.etag(path))

    # Fresh items, by what they are.

    def name(self) -> str:
        return f"Made for a test by the {self.run}, {next(self.numbers)}"

    def fresh_supplier(self) -> str:
        return self.make("/suppliers", {"name": self.name(), "data_role": "processor", "system_access": "standing"})

    def fresh_product(self) -> str:
        # Nobody has thousands of one supplier: what is entered is compared with them all.
        if self.product_count % 40 == 0:
            self.provider = self.fresh_supplier()
        self.product_count += 1
        return self.make("/products", {"supplier_id": self.provider, "name": self.name(), "kind": "ai_system", "ai_features": "core"})

    def due_item(self) -> str:
        """An item of what is due that can be settled: the day of notice of a contract."""
        contract = {"reference": "C-1", "ends_on": "2099-06-30", "notice_days": 90}
        supplier = self.make("/suppliers", {"name": self.name(), "contracts": [contract]})
        return self.call("GET", f"/due?kind=contract_notice&subject_id={supplier}").json()["items"][0]["id"]

    def fresh_risk(self) -> str:
        return self.make("/risks", {"subject_id": self.supplier, "title": self.name(), "likelihood": 3, "impact": 4})

    def fresh_edition(self) -> dict[str, Any]:
        """A small document that can be published, with a key of its own."""
        options = [{"value": "yes", "label": "Yes", "points": 100}, {"value": "no", "label": "No", "points": 0}]
        question = {"key": "restored", "principle": "recovery", "text": "Has a backup been restored this year?", "type": "yes_no", "options": options}
        return {
            "key": f"made-for-a-test-{self.run}-{next(self.numbers)}",
            "title": "Made for a test",
            "edition": "2026.1",
            "summary": "One question.",
            "framework": "security",
            "applies_to": ["supplier"],
            "principles": [{"key": "recovery", "title": "Recovery"}],
            "sections": [{"key": "only", "title": "The only section", "questions": [question]}],
        }

    def published(self, editions: int = 1) -> dict[str, str]:
        """A questionnaire of our own with so many editions: its key and the latest of them."""
        document = self.fresh_edition()
        for number in range(1, editions + 1):
            document["edition"] = f"2026.{number}"
            self.call("POST", "/questionnaires", document)
        return {"key": document["key"], "edition": document["edition"]}

    def fresh_draft(self) -> str:
        return self.make("/questionnaire-drafts", {"name": self.name(), "format": "json", "document": json.dumps(self.fresh_edition())})

    def fresh_extension(self) -> dict[str, str]:
        """A published extension of a questionnaire of our own, to be merged with the base it has."""
        base = self.published()
        question = self.fresh_edition()["sections"][0]["questions"][0] | {"key": "ours"}
        key = f"extended-for-a-test-{self.run}-{next(self.numbers)}"
        extension = {"base": base["key"], "key": key, "title": "Extended", "edition": "2026.1", "questions": [{"section": "only", "question": question}]}
        draft = self.make("/questionnaire-drafts", {"name": self.name(), "kind": "extension", "format": "json", "document": json.dumps(extension)})
        self.act(f"/questionnaire-drafts/{draft}", "publish")
        return {"questionnaire": key, "new_edition": "2026.2"}

    def fresh_translation(self) -> dict[str, Any]:
        """An edition of our own in Welsh."""
        published = self.published()
        words = {"text": "A adferwyd copi wrth gefn eleni?", "options": {"yes": {"label": "Do"}, "no": {"label": "Naddo"}}}
        return {
            "questionnaire": published["key"],
            "edition": published["edition"],
            "language": "cy",
            "title": "Ar gyfer prawf",
            "summary": "Un cwestiwn.",
            "principles": {"recovery": {"title": "Adfer"}},
            "sections": {"only": {"title": "Yr unig adran"}},
            "questions": {"restored": words},
        }

    def table(self) -> str:
        """A small edition as CSV, with a key of its own."""
        key = f"made-for-a-test-{self.run}-{next(self.numbers)}"
        return "\r\n".join([
            "row,key,title,edition,summary,framework,applies_to,principle,text,type,value,label,points",
            f"questionnaire,{key},Made for a test,2026.1,One question.,security,supplier,,,,,,",
            "principle,recovery,Recovery,,,,,,,,,,",
            "section,only,The only section,,,,,,,,,,",
            "question,restored,,,,,,recovery,Restored?,yes_no,,,",
            "option,,,,,,,,,,yes,Yes,100",
            "option,,,,,,,,,,no,No,0",
        ]) + "\r\n"

    def sheet(self, assessment: str) -> bytes:
        return self.call("GET", f"/assessments/{assessment}/sheet?format=csv").content

    def checked_twice(self) -> str:
        """The second of two security checks, which finds no more what the first did."""
        check = {"subject_id": self.fresh_supplier(), "checked_on": PAST, "targets": [{"kind": "website", "name": "example.org"}]}
        finding = {"text": "An old server answers", "severity": "high", "outcome": "action", "owner": "Sam", "due_on": FUTURE}
        self.make("/security-checks", check | {"findings": [finding]})
        return self.make("/security-checks", check | {"findings": []})

    def with_file(self, evidence: str) -> str:
        path = f"/evidence/{evidence}"
        headers = {"If-Match": self.etag(path) or "", "Content-Type": "application/octet-stream"}
        response = self.session.post(f"{self.address}{path}/file", data=b"Good until June.", headers=headers, timeout=30)
        if response.status_code >= 400:
            raise Refused(f"{path}/file: {response.status_code} {response.text[:500]}")
        return evidence

    def fresh_import(self) -> str:
        """A draft of an import. There can be only some at a time: the oldest make room."""
        for old in self.pages("/imports?state=draft")[10:]:
            self.call("DELETE", f"/imports/{old['id']}", etag=f'"{old["version"]}"')
        headers = {"Content-Type": "text/csv"}
        data = f'name\r\n"{self.name()}"\r\n'.encode()
        response = self.session.post(f"{self.address}/imports?file_name=list.csv", data=data, headers=headers, timeout=30)
        if response.status_code >= 400:
            raise Refused(f"/imports: {response.status_code} {response.text[:500]}")
        return response.json()["id"]

    def fresh_link(self) -> str:
        return self.make("/links", {"assessment_id": self.fresh_assessment("open"), "contact_name": self.name()})

    def fresh_identity(self) -> dict[str, str]:
        """What an identity provider of ours calls nobody yet."""
        return {"identity_provider_id": self.prepare("read_identity_provider")["id"], "subject": self.name()}

    def fresh_review(self) -> str:
        return self.pages(f"/reviews?subject_id={self.fresh_supplier()}")[0]["id"]

    def fresh_assessment(self, until: str) -> str:
        """An assessment that is `open`, `answered`, `submitted` or `approved` (with a condition)."""
        identity = self.make("/assessments", {"questionnaire": QUESTIONNAIRE, "subject_id": self.fresh_supplier()})
        path = f"/assessments/{identity}"
        if until == "open":
            return identity
        self.answer(path)
        if until == "answered":
            return identity
        self.act(path, "submit")
        if until == "submitted":
            return identity
        if waiting := self.call("GET", f"{path}/answers").json()["awaiting_review"]:
            self.act(path, "review", {key: {"points": 100} for key in waiting}, "PATCH")
        if until == "approved":
            self.act(path, "approve", {"conditions": [{"text": "Say so in writing", "owner": "A. Person", "due_on": FUTURE}]})
        return identity

    def answer(self, path: str) -> None:
        """Answers every visible question as well as possible. An answer can bring up another question, hence the rounds."""
        if self.answers:
            self.act(path, "answers", self.answers, "PATCH")
            return
        known, given = questions(self.edition), {}
        for _ in range(20):
            visible = self.call("GET", f"{path}/answers").json()["visible"]
            more = {key: {"value": best(known[key]), "comment": "As the policy says"} for key in visible if key not in given}
            if not more:
                self.answers = given
                return
            self.act(path, "answers", more, "PATCH")
            given |= more
        raise Refused(f"{path}: there is no end of questions")

    # An item for an operation.

    def item(self, operation: str) -> dict[str, str]:
        if operation not in self.items:
            self.items[operation] = self.prepare(operation)
        return self.items[operation]

    def spend(self, operation: str) -> None:
        self.items.pop(operation, None)
        self.owners.pop(operation, None)

    def owner(self, operation: str) -> Person:
        """Someone whose own account or session `operation` can act on."""
        if operation not in self.owners:
            if operation == "join_organisation" and self.other:
                person = Person(self.other)
            else:
                person = Person(self)
            if operation == "confirm_mfa":
                person.begin_mfa()
            elif operation in ("confirm_session", "disable_mfa", "renew_recovery_codes"):
                person.enrol_mfa()
            if operation == "confirm_session":
                person.sign_in()
            self.owners[operation] = person
        return self.owners[operation]

    def invited(self, email: str | None = None) -> dict[str, Any]:
        return self.call("POST", "/invitations", {"email": email or f"invited.{uuid.uuid4().hex}@example.org", "name": "Sam", "role": "viewer"}).json()

    def signing_in(self, operation: str) -> dict[str, Any]:
        """A body for what people do to get in, and to their own account."""
        if operation == "create_session":
            return {"email": self.owner(operation).email, "password": PASSWORD}
        if operation in ("accept_invitation", "open_invitation"):
            body = {"token": self.invited()["token"]}
            return body | {"password": PASSWORD} if operation == "accept_invitation" else body
        owner = self.owner(operation)
        if operation == "join_organisation":
            # One invitation serves until it is accepted.
            if owner.token is None:
                owner.token = self.invited(owner.email)["token"]
            return {"token": owner.token}
        if operation == "switch_session":
            return {"organisation_id": self.organisation["id"]}
        if operation == "change_password":
            return {"present_password": PASSWORD, "new_password": "slate window kettle heron"}
        if operation == "enrol_mfa":
            return {"password": PASSWORD}
        proof = {"code": owner.code()}
        return proof if operation in ("confirm_mfa", "confirm_session") else proof | {"password": PASSWORD}

    def prepare(self, operation: str) -> dict[str, str]:
        verb, noun = operation.split("_", 1)
        if operation in ("read_edition", "export_edition"):
            return {"key": QUESTIONNAIRE, "edition": self.edition["edition"]}
        if operation in ("delete_edition", "read_changes"):
            return self.published(2)
        if noun in ("draft", "draft_check", "draft_preview", "draft_what_if"):
            return {"id": self.fresh_draft()}
        if noun == "translation":
            return {"id": self.make("/translations", self.fresh_translation())}
        if noun == "recipe":
            key = f"list-{self.run}-{next(self.numbers)}"
            self.call("PUT", f"/recipes/{key}", {"noun": "suppliers", "columns": [{"column": "Vendor", "fills": "name"}]})
            return {"key": key}
        if operation in ("list_list_entries", "refresh_published_list"):
            return {"list": "dspt"}
        if operation in ("read_comparison", "close_findings"):
            return {"id": self.checked_twice()}
        if noun == "evidence_file":
            made = self.make("/evidence", {"subject_id": self.supplier, "kind": "other"})
            return {"id": made if verb == "store" else self.with_file(made)}
        if noun in ("improvements", "sheet") or operation in ("fill_in_assessment", "confirm_answers"):
            return {"id": self.fresh_assessment("open")}
        if noun == "movement":
            earlier = self.call("GET", f"/assessments/{self.fresh_assessment('approved')}").json()
            return {"id": self.make("/assessments", {"questionnaire": QUESTIONNAIRE, "subject_id": earlier["subject_id"]})}
        if noun == "invitation":
            return {"id": self.invited()["id"]}
        if noun == "identity_provider":
            there = self.call("GET", "/identity-providers?limit=1").json()["items"]
            if there and verb != "delete":
                return {"id": there[0]["id"]}
            return {"id": self.make("/identity-providers", {"name": self.name(), "issuer": "https://login.example.org", "client_id": "diligence"})}
        if noun == "sign_in_trial":
            path = f"/identity-providers/{self.prepare('read_identity_provider')['id']}"
            return {"id": self.call("POST", f"{path}/try", None, self.etag(path)).json()["id"]}
        if noun == "settlement":
            item = self.due_item()
            return {"id": self.make("/settlements", {"item_id": item, "choice": "keep", "reason": "They do well."})}
        if noun == "own_session":
            return {"id": self.owner(operation).session["id"]}
        if operation == "delete_session":
            return {"id": Person(self).session["id"]}
        if noun in ("user", "identities", "password", "mfa"):
            person = Person(self)
            if noun == "mfa":
                person.enrol_mfa()
            made = person.session["user_id"]
            if operation in ("read_identities", "untie_user"):
                identity = self.fresh_identity()
                self.act(f"/users/{made}", "tie", identity)
                self.identity = identity if operation == "untie_user" else self.identity
            return {"id": made}
        if noun in ("supplier_history", "product_history"):
            return {"id": self.supplier if noun == "supplier_history" else self.product}
        if noun == "supplier":
            made = self.fresh_supplier()
            if verb == "restore":
                self.act(f"/suppliers/{made}", "archive")
        elif noun == "product":
            made = self.fresh_product()
            if verb == "restore":
                self.act(f"/products/{made}", "archive")
        elif noun == "dependency":
            made = self.make("/dependencies", {"subject_id": self.fresh_product(), "rests_on_id": self.supplier, "kind": "host"})
        elif noun == "evidence":
            made = self.make("/evidence", {"subject_id": self.supplier, "kind": "cyber_essentials", "expires_on": FUTURE})
        elif noun == "risk":
            made = self.fresh_risk()
            if verb == "reopen":
                self.act(f"/risks/{made}", "close", {"reason": "No longer so"})
        elif noun in ("import", "import_recognised", "import_report", "import_items", "refused_rows"):
            made = self.fresh_import()
            if verb == "undo" or noun == "import_items":
                self.call("POST", f"/imports/{made}/apply", etag=self.etag(f"/imports/{made}"))
        elif noun == "merger":
            kept, other = self.fresh_supplier(), self.fresh_supplier()
            path = f"/suppliers/{kept}"
            made = self.call("POST", f"{path}/merge", {"other_id": other}, self.etag(path)).json()["id"]
        elif noun in ("suppliers", "supplier_merger"):
            made = self.fresh_supplier()
        elif noun in ("products", "product_merger", "bill_of_materials"):
            made = self.fresh_product()
        elif noun == "incident":
            made = self.make("/incidents", {"subject_id": self.supplier, "title": self.name(), "severity": "low", "occurred_on": PAST})
        elif noun == "review":
            made = self.fresh_review()
        elif noun == "link":
            made = self.fresh_link()
        elif noun == "key":
            made = self.make("/keys", {"name": self.name(), "role": "viewer"})
        elif noun in ("decision", "condition"):
            approved = self.fresh_assessment("approved")
            made = next(decision["id"] for decision in self.pages("/decisions") if decision["assessment_id"] == approved)
        elif noun in ("assessment", "answers", "result", "receipt"):
            state = {"submit": "answered", "rate": "submitted", "return": "submitted", "approve": "rated", "refuse": "rated"}.get(verb, "open")
            made = self.fresh_assessment("approved" if noun in ("result", "receipt") else state)
        else:
            raise Refused(f"{operation}: there is no way yet to make its item; add one here")
        return {"id": made}
