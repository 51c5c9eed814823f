"""What schemathesis cannot guess of the respondents' surface: the visit's token, versions, evidence, real answers.

`tests/run` names this file in `SCHEMATHESIS_HOOKS`, and sets what the functions at its end print. Only what was generated as valid is
replaced, and one case in eight is left as it came.

    respondent.py    prints the cookie and the token of a visit, for the environment of the run
"""

from __future__ import annotations

import atexit
import os
import random
import sys
from collections import Counter
from typing import Any

import requests

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from seed import QUESTIONNAIRE, SOON, Register, questions  # noqa: E402

COOKIE = "__Host-diligence-respondent"


def begin(address: str, key: str) -> tuple[str, str, str]:
    """A new assessment, and a visit to it through a link: its id, the cookie and the token."""
    ours = Register(f"{address}/api/v1", key)
    assessment = ours.make("/assessments", {"questionnaire": QUESTIONNAIRE, "subject_id": ours.fresh_supplier()})
    link = ours.call("POST", "/links", {"assessment_id": assessment, "contact_name": "Sam", "expires_on": SOON}).json()
    visit = requests.post(f"{address}/respond/v1/sessions", json={"token": link["url"].split("#")[1]}, timeout=30)
    visit.raise_for_status()
    return assessment, visit.headers["Set-Cookie"].split(";")[0].split("=", 1)[1], visit.json()["csrf_token"]


if __name__ == "__main__":
    print(*begin(sys.argv[1], os.environ["DILIGENCE_ADMIN_KEY"]))
    sys.exit()

import schemathesis  # noqa: E402
from schemathesis.core import NOT_SET  # noqa: E402
from schemathesis.core.failures import Failure  # noqa: E402
from schemathesis.core.parameters import ParameterLocation  # noqa: E402
from schemathesis.openapi.checks import RejectedPositiveData  # noqa: E402

ADDRESS, CSRF, ASSESSMENT = (os.environ[f"DILIGENCE_{name}"] for name in ("ADDRESS", "CSRF", "ASSESSMENT"))
OURS = Register(f"{ADDRESS}/api/v1", os.environ["DILIGENCE_ADMIN_KEY"])
OURS.answer(f"/assessments/{OURS.make('/assessments', {'questionnaire': QUESTIONNAIRE, 'subject_id': OURS.fresh_supplier()})}")  # so that its answers are known
VISIT = requests.Session()
VISIT.headers.update({"Cookie": f"{COOKIE}={os.environ['DILIGENCE_VISIT']}", "X-CSRF-Token": CSRF})
CHOICE = random.Random(int(os.environ["DILIGENCE_SEED"]))
# What a schema cannot state of an answer, a file or a cursor.
UNSTATABLE = {
    "both", "contradiction", "cursor", "empty", "false_type", "kind", "name", "no_file", "not_carried", "order", "required", "unknown", "unknown_id", "unknown_option",
    "unknown_question", "wrong_type", "character", "range",
}  # fmt: skip

answered: Counter[str] = Counter()
statuses: Counter[int] = Counter()


def usually() -> bool:
    return CHOICE.random() < 0.875


def positive(case: schemathesis.Case, place: ParameterLocation) -> bool:
    component = case.meta.components.get(place) if case.meta else None
    return component is None or component.mode.is_positive


def operation_of(case: schemathesis.Case) -> str:
    return case.operation.definition.raw["operationId"]


def sent() -> dict[str, Any]:
    headers = {"Content-Type": "application/octet-stream"}
    return VISIT.post(f"{ADDRESS}/respond/v1/evidence?name=note.txt", data=b"Good until June.", headers=headers, timeout=30).json()


def reopen() -> None:
    if OURS.call("GET", f"/assessments/{ASSESSMENT}").json()["state"] == "submitted":
        OURS.act(f"/assessments/{ASSESSMENT}", "return", {"comment": "Once more"})


@schemathesis.hook
def before_call(context: Any, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    if case.method.lower() != case.operation.method.lower():
        return
    operation = operation_of(case)
    if operation == "read_receipt" and usually():
        OURS.act(f"/assessments/{ASSESSMENT}", "answers", OURS.answers, "PATCH")
        OURS.act(f"/assessments/{ASSESSMENT}", "submit")
    # The API wants dates between 1900 and 2999; a schema's `format` knows of no such bounds.
    if operation == "send_evidence" and case.query and positive(case, ParameterLocation.QUERY):
        case.query = {name: SOON if name in ("issued_on", "expires_on") and value is not None else value for name, value in case.query.items()}
    evidence = sent() if case.path_parameters else {"version": 1}
    if case.path_parameters and positive(case, ParameterLocation.PATH) and usually():
        case.path_parameters = {"id": evidence["id"]}
    if case.headers and positive(case, ParameterLocation.HEADER):
        names = {name.lower(): name for name in case.headers}
        if "x-csrf-token" in names and usually():
            case.headers[names["x-csrf-token"]] = CSRF
        if "if-match" in names and usually():
            if operation == "submit_answers":
                OURS.act(f"/assessments/{ASSESSMENT}", "answers", OURS.answers, "PATCH")
            version = OURS.etag(f"/assessments/{ASSESSMENT}")
            case.headers[names["if-match"]] = f'"{evidence["version"]}"' if case.path_parameters else version
    if case.query and positive(case, ParameterLocation.QUERY):
        for name in ("cursor", "language", "name"):
            if name in case.query and usually():
                del case.query[name]
    if case.body is not NOT_SET and positive(case, ParameterLocation.BODY) and usually():
        if operation == "send_evidence":
            case.body = b"Good until June."
        elif operation == "confirm_answers":
            case.body = {}
        elif operation == "save_answers" and isinstance(case.body, dict):
            known = sorted(questions(OURS.edition))
            real = {key: OURS.answers[key] for key in CHOICE.sample(sorted(OURS.answers), 5)}
            case.body = real if CHOICE.random() < 0.5 else {CHOICE.choice(known): answer for answer in case.body.values()}
        elif operation == "create_session":
            case.body = {"token": fresh_token()}


def fresh_token() -> str:
    link = OURS.call("POST", "/links", {"assessment_id": OURS.fresh_assessment("open"), "contact_name": "Kit"}).json()
    return link["url"].split("#")[1]


@schemathesis.hook
def after_call(context: Any, case: schemathesis.Case, response: schemathesis.Response) -> None:
    statuses[response.status_code] += 1
    if 200 <= response.status_code < 300:
        answered[operation_of(case)] += 1
    reopen()


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: schemathesis.Case, response: schemathesis.Response) -> bool:
    """Whether `failure` is one."""
    if response.status_code == 414:  # an address of more than 64 KiB: refused by the HTTP library before it is a request
        return False
    if not (isinstance(failure, RejectedPositiveData) and response.status_code == 422):
        return True
    problem = response.json()
    codes = {fault["code"] for fault in problem["errors"]}
    return not (problem["type"] == "/problems/idempotency-key-reused" or (codes and codes <= UNSTATABLE))


@atexit.register
def report() -> None:
    print(f"respondent: {sum(statuses.values())} calls, {dict(sorted(statuses.items()))}, 2xx {dict(sorted(answered.items()))}")
    with open(os.environ["DILIGENCE_REPORT"], "w", encoding="utf-8") as never:
        wanted = {
            "create_session", "read_session", "read_questions", "read_answers", "save_answers", "confirm_answers", "submit_answers", "read_receipt", "list_evidence",
            "send_evidence", "read_evidence", "read_evidence_file", "delete_evidence",
        }  # fmt: skip
        never.write("\n".join(sorted(wanted - set(answered))))
