"""The main job, driven by the Python client that openapi-python-client generates from `openapi/openapi.json`.

Called as `python_main_job.py ADDRESS` (which ends in `/api/v1`), with the directory of the generated package, `client`,
on `PYTHONPATH`, and with `DILIGENCE_VIEWER_KEY`, `DILIGENCE_EDITOR_KEY` and `DILIGENCE_APPROVER_KEY` set. Says what it
saw; stops at the first thing that is not as promised.
"""

from __future__ import annotations

import csv
import importlib
import io
import os
import pkgutil
import sys
import uuid
from datetime import date, timedelta
from typing import Any

import client
from client import AuthenticatedClient
from client.api.assessments import (
    answer_assessment,
    approve_assessment,
    rate_assessment,
    read_answers,
    read_assessment,
    read_result,
    start_assessment,
    submit_assessment,
)
from client.api.imports import apply_import, create_import, read_import_report
from client.api.products import archive_product, create_product, list_products
from client.api.questionnaires import list_questionnaires, read_edition
from client.api.register import export_register, list_register, read_summary
from client.api.reviews import list_reviews
from client.api.risks import create_risk, read_risk
from client.api.suppliers import change_supplier, create_supplier, import_suppliers, list_suppliers, read_supplier
from client.models import (
    AiFeatures,
    Answer,
    AnswerChange,
    DataRole,
    Identifier,
    ImportNoun,
    NewAssessment,
    NewCondition,
    NewDecision,
    NewPoints,
    NewProduct,
    NewRisk,
    NewSupplier,
    PointsChange,
    Problem,
    ProductKind,
    Scheme,
    SubjectType,
    SupplierChange,
    SupplierImport,
    SystemAccess,
)
from client.types import UNSET, File, Response

from seed import best, questions


def the(response: Response[Any], status: int) -> Any:
    """What was answered, which is what the document promises for `status`."""
    assert response.status_code == status, f"expected {status}, got {response.status_code}: {response.content[:1000]!r}"
    assert response.parsed is not None, f"{status} has a body that the client could not read: {response.content[:1000]!r}"
    return response.parsed


def etag(response: Response[Any]) -> str:
    return response.headers["ETag"]


def same(told: Any, expected: Any, what: str) -> None:
    assert told == expected, f"{what}: expected {expected!r}, got {told!r}"


def main(address: str) -> None:
    viewer, editor, approver = (
        AuthenticatedClient(base_url=address, token=os.environ[f"DILIGENCE_{role}_KEY"], raise_on_unexpected_status=True)
        for role in ("VIEWER", "EDITOR", "APPROVER")
    )
    # Every operation and model that was generated, not only those that are used here.
    for module in pkgutil.walk_packages(client.__path__, "client."):
        importlib.import_module(module.name)
    mark = uuid.uuid4().hex[:6].upper()  # so that it can run twice on one register

    # A supplier, with its ODS code; made once however often it is sent.
    new = NewSupplier(
        name=f"Python Care Systems {mark}",
        identifiers=[Identifier(scheme=Scheme.GB_NHS, id=f"P{mark}".lower())],
        data_role=DataRole.PROCESSOR,
        system_access=SystemAccess.STANDING,
    )
    key = str(uuid.uuid4())
    made = create_supplier.sync_detailed(client=editor, body=new, idempotency_key=key)
    supplier = the(made, 201)
    again = create_supplier.sync_detailed(client=editor, body=new, idempotency_key=key)
    same(the(again, 201).id, supplier.id, "the same Idempotency-Key")
    same(supplier.identifiers[0].id, f"P{mark}", "the ODS code, in capitals")
    same(str(supplier.rating), "unassessed", "the rating of a new supplier")

    # Changed on the right version only; and what went wrong is told in a form that the client knows.
    changed = change_supplier.sync_detailed(supplier.id, client=editor, body=SupplierChange(country="GB", notes="Met in May"), if_match=etag(made))
    same(the(changed, 200).country, "GB", "the country")
    stale = change_supplier.sync_detailed(supplier.id, client=editor, body=SupplierChange(notes="Too late"), if_match=etag(made))
    same(type(the(stale, 412)), Problem, "an old version")
    cleared = change_supplier.sync_detailed(supplier.id, client=editor, body=SupplierChange(notes=None), if_match=etag(changed))
    same((the(cleared, 200).notes, the(cleared, 200).country), (None, "GB"), "null clears, absent leaves")
    invalid = the(create_supplier.sync_detailed(client=editor, body=NewSupplier(name="", country="Britain")), 422)
    same({fault.pointer for fault in invalid.errors}, {"/name", "/country"}, "every fault at once")
    same(the(create_supplier.sync_detailed(client=viewer, body=new), 403).status, 403, "a viewer may not")
    same(the(read_supplier.sync_detailed(supplier.id, client=viewer), 200).name, new.name, "read back")

    # A product.
    entered = create_product.sync_detailed(client=editor, body=NewProduct(supplier_id=supplier.id, name="Care notes", kind=ProductKind.SOFTWARE))
    product = the(entered, 201)
    same(product.ai_features, AiFeatures.UNKNOWN, "nobody has said whether there is AI in it")
    same([item.id for item in the(list_products.sync_detailed(client=viewer, supplier_id=supplier.id), 200).items], [product.id], "its products")

    # The questionnaire, as a document.
    listed = {entry.key: entry for entry in the(list_questionnaires.sync_detailed(client=viewer), 200).items}
    latest = listed["supplier-security"].latest_edition
    edition = the(read_edition.sync_detailed("supplier-security", latest, client=viewer), 200).to_dict()
    known = questions(edition)

    # The assessment: answered as questions become visible, submitted, its texts rated, approved.
    started = start_assessment.sync_detailed(client=editor, body=NewAssessment(questionnaire="supplier-security", subject_id=supplier.id))
    assessment = the(started, 201)
    same((str(assessment.state), assessment.edition), ("open", latest), "a new assessment")
    version, progress = etag(started), the(read_answers.sync_detailed(assessment.id, client=editor), 200)
    rounds = 0
    while todo := [name for name in progress.visible if name not in progress.answers.additional_properties]:
        change = AnswerChange()
        for name in todo:
            change[name] = Answer(value=best(known[name]), comment="As the policy says")
        answered = answer_assessment.sync_detailed(assessment.id, client=editor, body=change, if_match=version)
        version, progress, rounds = etag(answered), the(answered, 200), rounds + 1
        assert rounds < 20, "there is no end of questions"
    same(progress.unanswered_required, [], "what is still missing")
    same(progress.coverage, 100, "coverage")
    submitted = submit_assessment.sync_detailed(assessment.id, client=editor, if_match=version)
    same(str(the(submitted, 200).state), "submitted", "its state")
    version = etag(submitted)
    if progress.awaiting_review:
        points = PointsChange()
        for name in progress.awaiting_review:
            points[name] = NewPoints(points=80, reason="Good, and could be tested more often")
        rated = rate_assessment.sync_detailed(assessment.id, client=approver, body=points, if_match=version)
        same(the(rated, 200).awaiting_review, [], "what waits for a reviewer")
        version = etag(rated)
    condition = NewCondition(text="Send the certificate", owner="A. Person", due_on=date.today() + timedelta(days=60))
    approved = approve_assessment.sync_detailed(assessment.id, client=approver, body=NewDecision(conditions=[condition]), if_match=version)
    same(str(the(approved, 200).state), "approved", "its state")

    # The result: contributions sum exactly, nothing is evidenced more than it is claimed.
    result = the(read_result.sync_detailed(assessment.id, client=viewer), 200)
    outcome = result.outcome
    same(outcome.answered_count, outcome.counting_count, "answered of what counts")
    for which in ("claimed", "evidenced"):
        tenths = sum(round(10 * (getattr(part, which) or 0)) for part in outcome.contributions)
        same(tenths, round(10 * getattr(outcome, which)), f"the sum of what every question contributes to {which}")
    assert 90 <= outcome.claimed <= 100 and outcome.evidenced <= outcome.claimed, f"{outcome.claimed} claimed, {outcome.evidenced} evidenced"
    same(outcome.claimed, the(read_assessment.sync_detailed(assessment.id, client=viewer), 200).claimed, "claimed, in the assessment")

    # A risk, and the register, which tells all of it in one line; as CSV too.
    risk = the(create_risk.sync_detailed(client=editor, body=NewRisk(subject_id=supplier.id, title="One person knows how", likelihood=3, impact=5)), 201)
    same((str(risk.band), the(read_risk.sync_detailed(risk.id, client=viewer), 200).title), ("extreme", "One person knows how"), "3 × 5")
    lines = {line.subject_id: line for line in the(list_register.sync_detailed(client=viewer, supplier_id=supplier.id), 200).items}
    same(set(lines), {supplier.id, product.id}, "the lines of the register")
    line = lines[supplier.id]
    same((line.security.claimed, line.security.evidenced), (outcome.claimed, outcome.evidenced), "its scores in the register")
    same(str(line.decision), "approved_with_conditions", "its decision in the register")
    same((line.open_condition_count, line.open_risks.extreme >= 1), (1, True), "its condition and its risk in the register")
    same(str(line.rating), "unassessed", "its rating, the worst of its own and of its product's, which nobody has assessed")
    text = the(export_register.sync_detailed(client=viewer, supplier_id=supplier.id), 200)
    rows = {row["subject_id"]: row for row in csv.DictReader(io.StringIO(text))}
    same(set(rows), set(lines), "the rows of register.csv")
    row = rows[supplier.id]
    same((float(row["security.claimed"]), row["rating"], row["name"]), (line.security.claimed, str(line.rating), line.name), "its row in register.csv")
    the(archive_product.sync_detailed(product.id, client=editor, if_match=etag(entered)), 200)
    alone = the(list_register.sync_detailed(client=viewer, supplier_id=supplier.id, subject_type=SubjectType.SUPPLIER), 200).items
    same([str(line.rating) for line in alone], [str(result.rating)], "its rating once the product is archived")
    assert the(read_summary.sync_detailed(client=viewer), 200).supplier_count >= 1

    # What is due, and why.
    reviews = the(list_reviews.sync_detailed(client=viewer, supplier_id=supplier.id, due_before=date.today() + timedelta(days=3700)), 200).items
    assert reviews and all(review.reason_detail for review in reviews), "no review is due for it"
    same(line.next_review_on, min(review.due_on for review in reviews if review.subject_id == supplier.id), "its next review in the register")

    # A file, kept as a draft: first its dry run, then in earnest, then once more, which changes nothing; and all or nothing.
    table = f'name,identifiers\r\n"Imported, {mark}",GB-NHS:Q{mark}\r\n=Formula {mark},\r\n'.encode()

    def kept(file: bytes) -> tuple[str, str]:
        draft = create_import.sync_detailed(client=editor, body=File(payload=io.BytesIO(file)), noun=ImportNoun.SUPPLIERS, file_name="list.csv")
        return the(draft, 201).id, etag(draft)

    before = count(viewer)
    draft, version = kept(table)
    tried = the(read_import_report.sync_detailed(draft, client=editor), 200)
    same((tried.dry_run, tried.applied, tried.created_count, count(viewer) - before), (True, False, 2, 0), "the dry run")
    done = the(apply_import.sync_detailed(draft, client=editor, if_match=version), 200)
    same((done.applied, done.created_count, count(viewer) - before), (True, 2, 2), "the import")
    first = table.split(b"\r\n")
    draft, version = kept(b"\r\n".join(first[:2]))
    same(the(apply_import.sync_detailed(draft, client=editor, if_match=version), 200).unchanged_count, 1, "the same row again")
    draft, version = kept(first[0] + f"\r\nGood {mark},\r\nBad {mark},GB-NHS:8K-417\r\n".encode())
    refused = the(apply_import.sync_detailed(draft, client=editor, if_match=version), 422)
    assert any("line 3" in fault.detail for fault in refused.errors), f"the fault does not name its line: {refused.errors}"
    same(count(viewer) - before, 2, "all or nothing")

    # Rows as JSON, likewise.
    rows = SupplierImport.from_dict({"rows": [{"id": supplier.id, "notes": "By import"}]})
    report = the(import_suppliers.sync_detailed(client=editor, body=rows, dry_run=True), 200)
    same((report.applied, report.changed_count), (False, 1), "the dry run of JSON")
    report = the(import_suppliers.sync_detailed(client=editor, body=rows), 200)
    same((report.applied, report.changed_count), (True, 1), "the import of JSON")
    since = the(read_supplier.sync_detailed(supplier.id, client=viewer), 200).updated_at
    newest = the(list_suppliers.sync_detailed(client=viewer, updated_since=since), 200).items
    assert supplier.id in {item.id for item in newest}, "updated_since leaves out what was changed at that very moment"
    print(f"the Python client did the main job: {len(known)} questions, claimed {outcome.claimed}, evidenced {outcome.evidenced}, rating {result.rating}")


def count(client: AuthenticatedClient) -> int:
    """How many suppliers there are, page by page."""
    total, cursor = 0, UNSET
    while True:
        page = the(list_suppliers.sync_detailed(client=client, limit=200, cursor=cursor), 200)
        total += len(page.items)
        if page.next_ is None:
            return total
        cursor = page.next_


if __name__ == "__main__":
    main(sys.argv[1])
