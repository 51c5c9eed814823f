"""`loose_null.py DOCUMENT`: the document as it would be if null stood beside a reference, where OpenAPI 3.0.3 takes no notice of it.

A proxy that goes by the document has to refuse our own answers then: so it is seen that it looks. Standard library only.
"""

import json
import sys
from typing import Any


def loosened(value: Any) -> Any:
    if isinstance(value, list):
        return [loosened(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {name: loosened(part) for name, part in value.items()}
    match value.get("oneOf"):
        case [one, {"enum": [None]}]:
            del value["oneOf"]
            return value | {"allOf": [one], "nullable": True}
    return value


with open(sys.argv[1], encoding="utf-8") as file:
    json.dump(loosened(json.load(file)), sys.stdout)
