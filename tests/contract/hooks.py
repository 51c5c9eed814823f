"""What schemathesis cannot guess: items that exist, their versions, and which refusals of well-formed data are right.

`tests/run` names this file in `SCHEMATHESIS_HOOKS` and sets `DILIGENCE_ADDRESS` (ends in `/api/v1`), `DILIGENCE_ROLE` with
its `DILIGENCE_KEY`, `DILIGENCE_ADMIN_KEY` (makes items), `DILIGENCE_OTHER_KEY` (an administrator's in another organisation),
`DILIGENCE_EMPTY_KEY` (one's in a third, in which there is nothing),
`DILIGENCE_SEED`, and `DILIGENCE_REPORT` (a file to list the operations in that the role may use and that never answered 2xx).

Only what was generated as valid is replaced, so that whatever was made invalid on purpose stays so and meets an item
that exists. One case in eight is left as it came.
"""

from __future__ import annotations

import atexit
import os
import random
import re
import sys
import uuid
from collections import Counter
from typing import Any

import requests
import schemathesis
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from seed import FUTURE, PAST, SOON, QUESTIONNAIRE, Person, Register, questions  # noqa: E402

ROLES = ["viewer", "editor", "approver", "admin"]
ROLE = os.environ["DILIGENCE_ROLE"]
OURS = Register(os.environ["DILIGENCE_ADDRESS"], os.environ["DILIGENCE_ADMIN_KEY"])
THEIRS = Register(os.environ["DILIGENCE_ADDRESS"], os.environ["DILIGENCE_OTHER_KEY"])
OURS.other = THEIRS
EMPTY = {"Authorization": f"Bearer {os.environ['DILIGENCE_EMPTY_KEY']}"}
FOREIGN = {
    "sup": THEIRS.supplier,
    "prd": THEIRS.product,
    "rsk": THEIRS.fresh_risk(),
    "asm": THEIRS.fresh_assessment("submitted"),
    "lnk": THEIRS.fresh_link(),
    "key": THEIRS.make("/keys", {"name": "Theirs", "role": "viewer"}),
    "inv": THEIRS.invited()["id"],
    "usr": Person(THEIRS).session["user_id"],
}

# One stream of choices, so that a seed means the same run.
CHOICE = random.Random(int(os.environ["DILIGENCE_SEED"]))

# Well-formed data may still break a rule that a schema cannot state: what it compares with today, with another field,
# with what is stored, or with the questionnaire. Every other code given to data that the document allows means that the
# document allows too much, or the API too little.
UNSTATABLE = {
    "ambiguous", "bands_not_descending", "both", "character", "contradiction", "country", "cursor", "duplicate", "fixed", "future",
    "identifier", "order", "past", "renewal", "same", "unknown_id", "unknown_option", "unknown_question",
    "unknown_recipe", "url", "wrong_type",
}  # fmt: skip
# What an edition has, by its keys: a document in OpenAPI 3.0 states neither these nor how they are written.
WORDS = {"bad_pattern", "missing_text", "unknown", "unknown_text"} | {
    f"unknown_{part}" for part in ("band", "finding", "framework", "option", "principle", "question", "section")
}
UNSTATABLE_HERE = {
    # A name where there is none; a password that is not guessed soon and, for an account that is made by it, long enough.
    "accept_invitation": {"email", "length", "required", "weak"},
    # What the question of that key takes.
    "answer_assessment": {"bad_date", "bad_number", "exclusive_with_others", "not_applicable_not_allowed", "out_of_range", "value_and_not_applicable"},
    "accept_risk": {"range"},  # `expires_on`: two years from today at the most
    # The day, the target and the outcome beside what was checked, and what an outcome needs.
    "create_exercise": {"choice", "range", "required"},
    "create_security_check": {"as_before", "choice", "range", "required"},
    "create_link": {"range"},  # `expires_on`: 180 days from today at the most
    "resend_link": {"range"},
    "change_draft": {"format"},  # an extension is no table
    "ask_policy_what_if": {"matrix_not_monotone"},  # the cells of the matrix beside one another
    "change_password": {"weak", "wrong_password"},
    "change_policy": {"matrix_not_monotone"},
    "change_supplier": {"required"},  # `tier_override_reason` beside `tier_override`
    "confirm_mfa": {"wrong_code"},
    "confirm_session": {"required"},  # one of two
    # `role_claim` beside `roles`, and how long a name in `roles` is: OpenAPI 3.0 says nothing of names in a map.
    # And `secret_expires_on` beside `client_secret`.
    "change_identity_provider": {"contradiction", "domain", "length", "other_issuer", "required", "scope"},
    "create_identity_provider": {"contradiction", "domain", "length", "other_issuer", "required", "scope"},
    "create_invitation": {"email"},
    "disable_mfa": {"wrong_code", "wrong_password"},
    "enrol_mfa": {"wrong_password"},
    "renew_recovery_codes": {"wrong_code", "wrong_password"},
    "create_key": {"policy"},  # `expires_on`: no later than the policy says
    "rotate_key": {"policy"},
    # Two of a kind, products of one supplier; and choices of fields that differ.
    "merge_products": {"choice", "kind", "other_supplier", "unknown", "unknown_field"},
    "merge_suppliers": {"choice", "kind", "other_supplier", "unknown", "unknown_field"},
    "plan_product_merger": {"choice", "kind", "other_supplier", "unknown", "unknown_field"},
    "plan_supplier_merger": {"choice", "kind", "other_supplier", "unknown", "unknown_field"},
    # A document that says two things at once, or nothing; and what is no key.
    "put_recipe": {"character", "circle", "contradiction", "duplicate", "format", "key", "length", "range", "required"},
    "confirm_answers": {"not_carried"},  # a question with a carried-over answer
    "create_draft": {"format"},
    "create_supplier": {"required"},
    "change_translation": WORDS | {"same_language"},
    "create_translation": WORDS | {"same_language"},  # another than the edition's own
    "export_edition": {"unknown"},  # a language that the edition has
    "export_sheet": {"unknown"},
    "meet_condition": {"unknown"},  # `number`: one of those that the decision has
    "merge_extension": {"unknown"},  # an extension that is there
    "erase_person": {"required"},  # an e-mail address, a name, or both
    "find_person": {"required"},
    "read_audit_verification": {"required"},  # a checkpoint's sequence and hash together
    "read_changes": {"unknown"},  # an edition that is there
    "read_edition": {"unknown"},
    "read_movement": {"other_subject"},  # an assessment of the same subject
    # One of the item's choices; and what only renewing needs, or only a contract that is renewed may have.
    "create_settlement": {"choice", "contradiction", "order", "required"},
    "start_assessment": {"does_not_fit", "unknown"},  # a questionnaire that is there
    "store_evidence_file": {"empty", "false_type", "kind", "name"},  # what is in the file, and what its name says of it
    "submit_assessment": {"required"},  # every answer that its edition requires
}
# A questionnaire's document, kept as a draft or sent, and a file of rows are checked as a whole, by rules of their own; a
# file that is kept as a draft of an import is read when it is looked at or applied.
ANYTHING_GOES = {
    "apply_import", "export_refused_rows", "read_import_recognised", "read_import_report",
    "bulk_update_products", "bulk_update_suppliers", "refresh_published_list",
    "import_contacts", "import_contracts", "import_decisions", "import_dependencies", "import_evidence", "import_incidents", "import_reviews", "import_risks",
    "fill_in_assessment", "import_everything", "import_products", "import_suppliers", "publish_draft", "publish_edition", "read_draft_preview", "read_draft_what_if", "try_draft",
}  # fmt: skip
UNSTATABLE_PROBLEMS = {"/problems/idempotency-key-reused"}

# What usually stands in a field of that name, so that enough of the rest is reached.
USUAL = {
    "supplier_id": lambda: OURS.supplier,
    "subject_id": lambda: CHOICE.choice([OURS.supplier, OURS.product]),
    "rests_on_id": lambda: OURS.supplier,
    "evidence_ids": lambda: [],
    "questionnaire": lambda: QUESTIONNAIRE,
    "edition": lambda: None,
    "identifiers": lambda: [{"scheme": "GB-NHS", "id": f"{CHOICE.getrandbits(32):08X}"}],
    "country": lambda: "GB",
    "website": lambda: "https://example.org/about?us=1",
    "issuer": lambda: "https://login.example.org",
    "address": lambda: "https://example.org/certificate.pdf",
    "transparency_record": lambda: "https://example.org/record",
    "data_locations": lambda: ["GB", "IE"],
    "runs_in": lambda: ["GB"],
    "occurred_on": lambda: PAST,
    "issued_on": lambda: PAST,
    "told_on": lambda: None,
    "resolved_on": lambda: None,
    "due_on": lambda: FUTURE,
    "expires_on": lambda: FUTURE,
    "lapses_on": lambda: FUTURE,
    "override_reason": lambda: None,  # only where the policy's separation of duties stands against a decision
}
# What an item never changes.
FIXED = {"subject_id", "rests_on_id"}

calls: Counter[str] = Counter()
answered: Counter[str] = Counter()
statuses: Counter[int] = Counter()


# What is being called.
current = ""


def usually() -> bool:
    """Always until the operation has answered well once, then mostly."""
    return not answered[current] or CHOICE.random() < 0.875


def positive(case: schemathesis.Case, place: ParameterLocation) -> bool:
    """Whether what stands at `place` was generated as valid (or is not there at all)."""
    component = case.meta.components.get(place) if case.meta else None
    return component is None or component.mode.is_positive


def untouchable(case: schemathesis.Case) -> bool:
    """Whether the case is about something else than our operations: another method, a content type."""
    if case.method.lower() != case.operation.method.lower():
        return True
    scenario = getattr(case.meta.phase.data, "scenario", None) if case.meta else None
    return scenario is not None and scenario.value in ("unspecified_http_method", "malformed_content_type", "unsupported_content_type")


def operation_of(case: schemathesis.Case) -> str:
    return case.operation.definition.raw["operationId"]


def needed_role(case: schemathesis.Case) -> str | None:
    return case.operation.definition.raw.get("x-role")


def may(needed: str | None) -> bool:
    """Whether the role under test may do what needs `needed`."""
    return needed is None or ROLES.index(ROLE) >= ROLES.index(needed)


def is_own(case: schemathesis.Case) -> bool:
    """Whether it is about a person's own account or session, so that it takes a session and no key."""
    return case.operation.definition.raw.get("security") == [{"session": []}]


def phase_of(case: schemathesis.Case) -> str:
    return case.meta.phase.name.value if case.meta else ""


@schemathesis.hook
def before_call(context: Any, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    global current
    current = operation_of(case)
    if untouchable(case):
        return
    # In a chain of calls the ids come from the calls before.
    if case.path_parameters and positive(case, ParameterLocation.PATH):
        stateful = phase_of(case) == "stateful"
        if operation_of(case) in ("revoke_key", "rotate_key") or (not stateful and usually()):
            case.path_parameters = dict(OURS.item(operation_of(case)))
        elif not stateful and (identity := FOREIGN.get(str(case.path_parameters.get("id", ""))[:3])):
            case.path_parameters = {"id": identity}
    if case.headers and positive(case, ParameterLocation.HEADER):
        header(case)
    # A case without the cookie, or with a wrong one, is to stay so.
    if is_own(case) and positive(case, ParameterLocation.COOKIE) and usually():
        case.headers = {**(case.headers or {}), **OURS.owner(operation_of(case)).headers}
    # A whole register comes into an empty one only, and an archive of another one's items nowhere beside it.
    if operation_of(case) == "import_everything" and may("admin") and positive(case, ParameterLocation.BODY) and usually():
        case.headers = {**(case.headers or {}), **EMPTY}
    if case.query and positive(case, ParameterLocation.QUERY):
        query(case)
        case.query = of_our_time(case.query)
    if case.body is not NOT_SET and positive(case, ParameterLocation.BODY):
        case.body = of_our_time(body(case))


def header(case: schemathesis.Case) -> None:
    names = {name.lower(): name for name in case.headers}
    # Who has the version of that number is told that nothing changed: well said, but no item.
    if "if-none-match" in names and usually():
        del case.headers[names["if-none-match"]]
    if "idempotency-key" in names and usually():
        case.headers[names["idempotency-key"]] = str(uuid.UUID(int=CHOICE.getrandbits(128)))
    if "if-match" in names and usually():
        # `/suppliers/{id}/archive` acts on `/suppliers/{id}`.
        path = "/".join(case.operation.path.split("/")[:3]).format(**(case.path_parameters or {}))
        # An edition never changes: its version is 1.
        if etag := '"1"' if operation_of(case) in ("delete_edition", "delete_session", "delete_own_session", "change_me") else OURS.etag(path):
            case.headers[names["if-match"]] = etag


def query(case: schemathesis.Case) -> None:
    if operation_of(case).startswith("import_") and usually():
        case.query = {name: value for name, value in case.query.items() if name == "dry_run"}
    # What must name something that is there, and what must fit the file.
    for name in ("cursor", "language", "since", "name", "recipe"):
        if name in case.query and usually():
            del case.query[name]
    for name in ("supplier_id", "subject_id"):
        if name in case.query and usually():
            case.query[name] = OURS.supplier
    # Many filters at once leave nothing to look at.
    while len(case.query) > 1 and CHOICE.random() < 0.5:
        del case.query[CHOICE.choice(sorted(case.query))]


def body(case: schemathesis.Case) -> Any:
    operation, given = operation_of(case), case.body
    if operation == "publish_edition":
        return (OURS.table() if case.media_type == "text/csv" else OURS.fresh_edition()) if usually() else given
    made = {
        "accept_invitation": lambda: OURS.signing_in(operation),
        "change_password": lambda: OURS.signing_in(operation),
        "change_translation": lambda: {"title": OURS.name()},
        "confirm_mfa": lambda: OURS.signing_in(operation),
        "confirm_session": lambda: OURS.signing_in(operation),
        "create_session": lambda: OURS.signing_in(operation),
        "disable_mfa": lambda: OURS.signing_in(operation),
        "enrol_mfa": lambda: OURS.signing_in(operation),
        "join_organisation": lambda: OURS.signing_in(operation),
        "open_invitation": lambda: OURS.signing_in(operation),
        "put_recipe": lambda: {"noun": "suppliers", "columns": [{"column": OURS.name(), "fills": "name"}]},
        "renew_recovery_codes": lambda: OURS.signing_in(operation),
        "switch_session": lambda: OURS.signing_in(operation),
        "change_import": lambda: {"answers": {"same:harbour": "new"}},
        "confirm_answers": dict,
        "create_import": lambda: f'name\r\n"{OURS.name()}"\r\n'.encode(),
        "import_bill_of_materials": bill_of_materials,
        "import_everything": empty_register,
        "merge_products": lambda: {"other_id": OURS.fresh_product()},
        "merge_suppliers": lambda: {"other_id": OURS.fresh_supplier()},
        "plan_product_merger": lambda: {"other_id": OURS.fresh_product()},
        "plan_supplier_merger": lambda: {"other_id": OURS.fresh_supplier()},
        "refresh_published_list": lambda: b"Code,Organisation Name,Status\r\n8K417,Harbour,Standards Met\r\n",
        "tie_user": lambda: OURS.fresh_identity(),
        "untie_user": lambda: OURS.item(operation) and OURS.identity,
        "tell_twins_apart": lambda: {"one_id": OURS.fresh_supplier(), "other_id": OURS.fresh_supplier()},
        "create_translation": OURS.fresh_translation,
        "fill_in_assessment": lambda: OURS.sheet(OURS.item(operation)["id"]),
        "merge_extension": OURS.fresh_extension,
        "store_evidence_file": lambda: b"Good until June.",
        "try_draft": lambda: {"answers": {"restored": {"value": "yes"}}, "subject": {"tier": "high"}},
    }
    if operation in made:
        return made[operation]() if usually() else given
    if operation.startswith("import_") and usually():
        return rows(operation, case)
    if not isinstance(given, dict) or not usually():
        return given
    if operation == "answer_assessment":
        # Real questions, with real answers or with those that were generated.
        known = sorted(questions(OURS.edition))
        if CHOICE.random() < 0.5 or not OURS.answers:
            return {CHOICE.choice(known): answer for answer in given.values()}
        return {key: OURS.answers[key] for key in CHOICE.sample(sorted(OURS.answers), 5)}
    if operation == "rate_assessment":
        texts = [key for key, question in questions(OURS.edition).items() if question["type"] == "text" and key in OURS.answers]
        return {CHOICE.choice(texts): points for points in given.values()} if texts else given
    if operation == "create_link":
        return usual(given) | {"assessment_id": OURS.fresh_assessment("open"), "due_on": None, "expires_on": SOON}
    if operation == "resend_link":
        return usual(given) | {"due_on": None, "expires_on": SOON}
    if operation == "start_assessment":
        return {"questionnaire": QUESTIONNAIRE, "subject_id": OURS.fresh_supplier()}
    if operation == "create_settlement":
        return {**given, "item_id": OURS.due_item(), "choice": "keep", "ends_on": None, "renews_for_months": None}
    if operation == "create_dependency":
        return {**given, "subject_id": OURS.fresh_product(), "rests_on_id": OURS.supplier}
    if operation.startswith("change_"):
        given = {name: value for name, value in given.items() if name not in FIXED}
    return usual(given)


def empty_register() -> bytes:
    """Everything there is where there is nothing."""
    response = requests.get(f"{OURS.address}/register.zip", headers=EMPTY, timeout=30)
    response.raise_for_status()
    return response.content


def bill_of_materials() -> dict[str, Any]:
    model = {"type": "machine-learning-model", "name": OURS.name(), "version": "1", "supplier": {"name": "Harbour"}}
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [model]}


def row(operation: str) -> dict[str, Any]:
    """A row that can be imported."""
    about = {"subject_id": OURS.supplier}
    match operation:
        case "import_suppliers":
            return {"name": OURS.name()}
        case "import_contacts":
            return {"supplier_id": OURS.supplier, "name": OURS.name()}
        case "import_contracts":
            return {"supplier_id": OURS.supplier, "reference": OURS.name()}
        case "import_dependencies":
            return {"subject_id": OURS.fresh_product(), "rests_on_id": OURS.supplier, "kind": "host"}
        case "import_evidence":
            return about | {"kind": "iso_27001", "reference": OURS.name(), "issued_on": PAST}
        case "import_incidents":
            return about | {"title": OURS.name(), "severity": "low", "occurred_on": PAST}
        case "import_risks":
            return about | {"title": OURS.name(), "likelihood": 3, "impact": 4}
        case "import_decisions":
            return about | {"questionnaire": QUESTIONNAIRE, "outcome": "approved", "decided_by": "Jo Bell", "decided_on": PAST}
        case "import_reviews":
            return about | {"due_on": FUTURE}
    return {"name": OURS.name(), "supplier_id": OURS.supplier, "kind": "software"}


def rows(operation: str, case: schemathesis.Case) -> Any:
    """What can be imported: the rows that were generated with what they need."""
    if not isinstance(case.body, dict):
        return case.body
    if operation not in ("import_suppliers", "import_products"):
        return {"rows": [row(operation)]}
    left_out = {"id", "identifiers", "supplier_identifier", "supplier_name"}
    given = [{name: value for name, value in one.items() if name not in left_out} for one in case.body.get("rows", []) if isinstance(one, dict)]
    return {"rows": [usual(one) | row(operation) for one in given]}


def usual(value: Any) -> Any:
    """`value` with what usually stands in fields of those names."""
    if isinstance(value, dict):
        return {name: USUAL[name]() if name in USUAL and inner is not None else usual(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [usual(inner) for inner in value]
    return value


YEAR = re.compile(r"^[0-9]{4}(?=-[0-9]{2}-[0-9]{2}(T|$))")


def of_our_time(value: Any) -> Any:
    """`value` with every date between 1900 and 2999, as the API wants them; a schema's `format` knows of no such bounds."""
    if isinstance(value, dict):
        return {name: of_our_time(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [of_our_time(inner) for inner in value]
    if isinstance(value, str) and (year := YEAR.match(value)) and not 1900 <= int(year[0]) <= 2999:
        return f"{2000 + int(year[0]) % 100 // 4 * 4}{value[4:]}"
    return value


@schemathesis.hook
def after_call(context: Any, case: schemathesis.Case, response: schemathesis.Response) -> None:
    statuses[response.status_code] += 1
    if untouchable(case):
        return
    operation = operation_of(case)
    if may(needed_role(case)):
        calls[operation] += 1
    if 200 <= response.status_code < 300:
        answered[operation] += 1
        # One sample is much work, and whoever has one is told so.
        if case.method.upper() != "GET" and operation != "create_sample":
            OURS.spend(operation)
        if operation == "change_sign_in_policy":
            # Nor may everyone be sent to set up a second factor first.
            OURS.call("PATCH", "/sign-in-policy", {name: OURS.sign_in_policy[name] for name in ("mfa", "allows_passwords", "idle_minutes", "absolute_hours")}, OURS.etag("/sign-in-policy"))
        if operation == "create_identity_provider":
            # An organisation has so many at the most.
            path = f"/identity-providers/{response.json()['id']}"
            OURS.call("DELETE", path, None, OURS.etag(path))
        if operation == "change_policy":
            # A policy can be set so that nothing can be approved any more, or no key be made.
            OURS.call("PATCH", "/policy", {name: OURS.policy[name] for name in ("rating", "cadence_months", "risk_bands", "separation_of_duties", "maximum_key_days")}, OURS.etag("/policy"))


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: schemathesis.Case, response: schemathesis.Response) -> bool:
    """Whether `failure` is one."""
    # A piece of evidence has no file before one is stored.
    if isinstance(failure, EnsureResourceAvailability) and operation_of(case) == "read_evidence_file":
        return False
    # What a person does with their own takes a cookie that is called otherwise on this machine; tests/it/roles.rs sees to it.
    if is_own(case) and type(failure).__name__ == "IgnoredAuth":
        return False
    # An address or headers of more than 64 KiB: refused by the HTTP library before it is a request.
    if response.status_code in (414, 431):
        return False
    # What makes bytes a file of its kind, no schema says.
    is_file = (operation_of(case) or "").startswith("import_") and case.media_type != "application/json"
    if isinstance(failure, RejectedPositiveData) and is_file and response.status_code == 400 and response.json()["type"] == "/problems/malformed":
        return False
    if not (isinstance(failure, RejectedPositiveData) and response.status_code == 422):
        return True
    if operation_of(case) in ANYTHING_GOES:
        return False
    problem = response.json()
    codes = {fault["code"] for fault in problem["errors"]}
    allowed = UNSTATABLE | UNSTATABLE_HERE.get(operation_of(case), set())
    return not (problem["type"] in UNSTATABLE_PROBLEMS or (codes and codes <= allowed))


class RoleIgnored(Failure):
    """An operation was open to, or closed to, the wrong role."""


@schemathesis.check
def role_conformance(ctx: Any, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """A role below `x-role` is answered 403 before anything else is looked at, and no other role ever is."""
    needed = needed_role(case)
    sent = {name.lower(): value for name, value in response.request.headers.items()}.get("authorization", "")
    if needed is None or untouchable(case) or not positive(case, ParameterLocation.PATH) or sent != f"Bearer {os.environ['DILIGENCE_KEY']}":
        return
    allowed = may(needed)
    if allowed == (response.status_code == 403):
        verdict = "is refused" if allowed else f"gets {response.status_code}, not 403,"
        raise RoleIgnored(operation=case.operation.label, title="Role not kept", message=f"{ROLE} {verdict} where the document says {needed}")


class OtherOrganisation(Failure):
    """Another organisation's item showed."""


@schemathesis.check
def other_organisations_are_not_there(ctx: Any, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """Another organisation's id in the path is answered byte for byte like one that nobody has."""
    theirs = str((case.path_parameters or {}).get("id"))
    if theirs not in FOREIGN.values():
        return
    request = response.request.copy()
    if "Idempotency-Key" in request.headers:
        if response.status_code in (400, 422):  # said of the key
            return
        request.headers["Idempotency-Key"] = str(uuid.uuid4())
    request.url = request.url.replace(theirs, f"{theirs[:4]}{CHOICE.getrandbits(128):032x}")
    nobodys = OURS.session.send(request, timeout=30)
    if response.status_code < 400 or (nobodys.status_code, nobodys.content) != (response.status_code, response.content):
        message = f"{response.status_code} {response.content[:200]!r} instead of {nobodys.status_code} {nobodys.content[:200]!r}"
        raise OtherOrganisation(operation=case.operation.label, title="Another organisation's item shows", message=message)


@atexit.register
def report() -> None:
    never = sorted(set(calls) - set(answered))
    with open(os.environ["DILIGENCE_REPORT"], "w", encoding="utf-8") as file:
        file.writelines(f"{operation}\n" for operation in never)
    told = ", ".join(f"{status} × {count}" for status, count in sorted(statuses.items()))
    print(f"{ROLE}: 2xx from {len(answered)} of the {len(calls)} operations that it may use; all answers: {told}")
