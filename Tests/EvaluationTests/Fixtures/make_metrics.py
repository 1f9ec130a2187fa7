"""Writes metrics.json: generated answers and their scores by public Python code.

    pip install rouge-score==0.1.2
    python make_metrics.py > metrics.json

ROUGE is the rouge-score package's; token F1 and exact match are computed here after the rules of the SQuAD and SCROLLS
scripts. Each case: prediction, references, and f1, exact match, rouge1, rouge2, rougeL, rougeLsum (0 to 1).
Optional arguments: the seed and the number of cases.
"""

import collections
import json
import random
import re
import string
import sys

from rouge_score import rouge_scorer

TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]

WORDS = (
    "the a an The A AN cat dog theory another than tea ant in on of 12 3.5 U.S. rock'n'roll well-known re-use it's "
    "licence section 60 days days. patent (patent) \"quoted\" `code` $5 50% under_score e.g. naïve Straße CAFÉ café "
    "cafe\u0301 a\u0301 ΟΔΟΣ ΟΔΟΣ. Σ ΑΣ' ΣΑ İstanbul ıI \u212aelvin 日本語 北京 а ан Москва ½ x² Ⅷ ٣ — – … ’ a’s the’s “the” "
    "an\u200bother A\u00adB 👍 👩‍💻 ǅ ﬁne ﬀ the\u0301 _a_ a_b a-b -a- , . ! ? \u00bf a\u0345 Å \u212b"
).split(" ")
SPACES = [" "] * 20 + ["  ", "\t", "\n", "\n", "\n", "\r\n", "\u00a0", "\u2003", "\x1c", "\u200b", "\u3000", "\u2028", "", "\x00"]
FIXED = [
    ("", [""]),
    ("", ["the"]),
    ("a", ["the"]),
    ("\n\n", ["\n"]),
    ("cat", [""]),
    ("The cat.", ["a cat", "dog"]),
    ("a b c d", ["d c b a", "a c b d"]),
    ("x y\nx z", ["x z y\nz x"]),
    ("one two three two one\nfour", ["two one two\none one", "four\n\nthree\n"]),
    ("yes yes yes", ["yes", "yes yes no"]),
]


def tokens(text):
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", kept).split()


def f1(prediction, reference):
    prediction, reference = tokens(prediction), tokens(reference)
    common = sum((collections.Counter(prediction) & collections.Counter(reference)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(prediction), common / len(reference)
    return 2 * precision * recall / (precision + recall)


def text(rng, length, alphabet):
    return "".join(rng.choice(alphabet) + rng.choice(SPACES) for _ in range(length))


def case(rng):
    # Few words, so that they repeat and the subsequences have ties.
    alphabet = rng.sample(WORDS, rng.choice([2, 4, 8, 30]))
    prediction = text(rng, rng.choice([0, 1, 2, 4, 8, 15]), alphabet)
    references = [text(rng, rng.choice([0, 1, 2, 3, 6, 12]), alphabet) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    if rng.random() < 0.15:
        references.append(prediction.title())
    return prediction, references


def main(seed=0, count=300):
    rng = random.Random(int(seed))
    scorer = rouge_scorer.RougeScorer(TYPES)
    lines = []
    for prediction, references in FIXED + [case(rng) for _ in range(int(count) - len(FIXED))]:
        rouge = scorer.score_multi(references, prediction)
        scores = [
            max(f1(prediction, reference) for reference in references),
            max(float(tokens(prediction) == tokens(reference)) for reference in references),
        ] + [rouge[name].fmeasure for name in TYPES]
        lines.append(json.dumps(
            {"prediction": prediction, "references": references, "scores": [round(score, 10) for score in scores]},
            ensure_ascii=False, separators=(",", ":")))
    print("[" + ",\n".join(lines) + "]")


if __name__ == "__main__":
    main(*sys.argv[1:])
