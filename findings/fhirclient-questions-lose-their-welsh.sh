#!/usr/bin/env bash
# Tool: fhirclient 4.4.0 (PyPI), models of FHIR resources.
# One would guess: a questionnaire with the Welsh wording of its questions, which FHIR puts into _text beside text (the translation extension),
# keeps it through Questionnaire(json).as_json(), or the model refuses it, as it does a misspelt property.
# What happens: it is gone, without a word, and so is the reason why a response has no date (data-absent-reason in _authored), like every other
# extension of a single value. The extension of the item, which hides it, stays.
# Why it matters to a register: public bodies in Wales send questionnaires in two languages; stored by way of this model, only one is left, and
# "asked and not known" becomes "left out".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check fhirclient==4.4.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^fhirclient '
cat >check.py <<'PY'
import json
from fhirclient.models.questionnaire import Questionnaire
from fhirclient.models.questionnaireresponse import QuestionnaireResponse
welsh = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "cy"}, {"url": "content", "valueString": "Ble cedwir y data?"}]}]}
hidden = [{"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden", "valueBoolean": True}]
given = {"resourceType": "Questionnaire", "status": "active", "item": [{"linkId": "A1", "type": "string", "text": "Where is the data kept?", "_text": welsh, "extension": hidden}]}
item = Questionnaire(given).as_json()["item"][0]
print(f"text {item['text']}; Welsh {'kept' if item.get('_text') == welsh else 'gone'}, hidden {'kept' if item.get('extension') == hidden else 'gone'}")
unknown = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "asked-unknown"}]}
print("response:", json.dumps(QuestionnaireResponse({"resourceType": "QuestionnaireResponse", "status": "completed", "_authored": unknown}).as_json(), sort_keys=True))
try:
    Questionnaire({**given, "titel": "Data"})
    print("misspelt: taken")
except Exception as problem:
    print("misspelt:", type(problem).__name__)
PY
python/bin/python check.py 2>/dev/null | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
text Where is the data kept?; Welsh gone, hidden kept
response: {"resourceType": "QuestionnaireResponse", "status": "completed"}
misspelt: FHIRValidationError
EXPECTED
