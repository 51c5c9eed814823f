#!/usr/bin/env bash
# Tool: huggingface_hub 2.4.0 (PyPI), ModelCard(text), which reads the model card of an AI model; saved again.
# One would guess: a card on two models (model-index is a list, each with its name and its results) has both after reading, or is refused;
# saving what was read changes nothing, as the card of one model shows.
# What happens: the results of both are one list, under the name of the last. Where both were tested on the same data, they stand in one
# entry, two values of the same metric, with the source of the first: the small model's 0.71 is now the large one's, and the 0.93 that
# the maker measured is said to come from the independent laboratory. Nothing is said, and saving writes it so. The threshold of the
# metric, a member it does not know, is gone too.
# Why it matters to a register: what a product's model can do is taken from its card; a script that only adds a tag to the card changes whose
# figures they are and who measured them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check huggingface_hub==2.4.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^huggingface_hub '
cat >card.md <<'CARD'
---
license: mit
model-index:
- name: quay-small
  results:
  - task:
      type: text-classification
    dataset:
      name: Care notes
      type: care-notes
    metrics:
    - type: accuracy
      value: 0.71
      threshold: 0.5
    source:
      name: Holm Laboratory
      url: https://holm.example/quay
- name: quay-large
  results:
  - task:
      type: text-classification
    dataset:
      name: Care notes
      type: care-notes
    metrics:
    - type: accuracy
      value: 0.93
    source:
      name: Quay Ltd, the maker
      url: https://quay.example/card
---
# Quay
CARD
cat >check.py <<'PY'
from huggingface_hub import ModelCard
card = ModelCard.load("card.md")
card.data.tags = ["care"]
card.save("saved.md")
print("name:", card.data.model_name)
for result in card.data.eval_results:
    print(f"{result.metric_type} {result.metric_value}, source {result.source_name}")
PY
{ python/bin/python -W always check.py 2>&1; cat saved.md; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
name: quay-large
accuracy 0.71, source Holm Laboratory
accuracy 0.93, source Quay Ltd, the maker
---
license: mit
tags:
- care
model-index:
- name: quay-large
  results:
  - task:
      type: text-classification
    dataset:
      name: Care notes
      type: care-notes
    metrics:
    - type: accuracy
      value: 0.71
    - type: accuracy
      value: 0.93
    source:
      url: https://holm.example/quay
      name: Holm Laboratory
---
# Quay
EXPECTED
