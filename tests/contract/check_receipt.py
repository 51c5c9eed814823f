"""Checks receipts from openapi/receipt.md alone: python3 check_receipt.py FILE... says of each where it differs."""

import hashlib, json, sys


def canonical(value):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(canonical(key) + ":" + canonical(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    is_whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if is_whole else value, ensure_ascii=False)


def digest(value):
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def once(members):
    if len(dict(members)) < len(members):
        raise ValueError("a key stands twice")
    return dict(members)


def flat(hashes):
    tables = [(name, table) for name, table in hashes.items() if isinstance(table, dict)]
    step = lambda key: key.replace("~", "~0").replace("/", "~1")
    inside = {f"/{name}/{step(key)}": value for name, table in tables for key, value in table.items()}
    return inside | {f"/{name}": value for name, value in hashes.items() if not isinstance(value, dict)}


def check(text):
    file = json.loads(text, object_pairs_hook=once)
    receipt, edition, answers, review = (file[name] for name in ("receipt", "edition", "answers", "review"))
    subject, evidence = file["basis"]["subject"], {}
    for piece in sorted(file["basis"]["evidence"], key=lambda piece: canonical(piece).encode()):
        evidence.setdefault(piece["id"], []).append(piece)
    expected = {
        "version": 2,
        "questionnaire": edition["key"],
        "edition": edition["edition"],
        "edition_hash": digest(edition),
        "answers_hash": digest({"answers": answers, "review": review, "evidence": evidence, "subject": subject}),
        "answer_hashes": {key: digest([answers.get(key), review.get(key)]) for key in answers | review},
        "evidence_hashes": {key: digest(pieces) for key, pieces in evidence.items()},
        "subject_hash": digest(subject),
        "hash": digest({name: value for name, value in receipt.items() if name != "hash"}),
    }
    expected, found = flat(expected), flat({name: receipt.get(name) for name in expected})
    return [place for place in sorted(expected | found) if expected.get(place) != found.get(place)]


good = True
for path in sys.argv[1:]:
    try:
        said = " ".join(check(open(path, encoding="utf-8").read())) or "holds"
    except (ValueError, KeyError, TypeError) as error:
        said = f"refused: {error!r}"
    good = good and said == "holds"
    print(f"{path}: {said}")
sys.exit(not good)
