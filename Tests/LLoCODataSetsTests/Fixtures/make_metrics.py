"""Writes metrics*.json beside this file: generated answers and their scores by public Python code.

    pip install rouge-score==0.1.2 nltk==3.9.2 rouge==1.0.1 fuzzywuzzy==0.18.0
    python make_metrics.py [SEED]

python-Levenshtein must not be installed: fuzzywuzzy would use another measure.

metrics.json: prediction, references, and scores: f1, exact match, rouge1, rouge2, rougeL, rougeLsum (0 to 1), and
stemmed: the four ROUGE scores with stemming. ROUGE is the rouge-score package's; token F1 and exact match are computed
here by the rules of the SQuAD and SCROLLS scripts.
metrics_stems.json: words and their stems by NLTK.
metrics_longbench.json: the scores of LongBench's tasks; ROUGE-L by the rouge package, code by fuzzywuzzy, the others
computed here by the rules of its scripts.
metrics_similarity.json: pairs of strings, difflib's ratio and fuzzywuzzy's percent.
metrics_ruler.json: prediction, references, the share of the references that occur, and whether any occurs.
"""

import collections
import difflib
import json
import pathlib
import random
import re
import string
import sys
import warnings

warnings.simplefilter("ignore")

from fuzzywuzzy import fuzz
from nltk.stem.porter import PorterStemmer
from rouge import Rouge
from rouge_score import rouge_scorer

sys.setrecursionlimit(100_000)

TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]

WORDS = (
    "the a an The A AN cat dog theory another than tea ant in on of 12 3.5 U.S. rock'n'roll well-known re-use it's "
    "licence section 60 days days. patent (patent) \"quoted\" `code` $5 50% under_score e.g. naïve Straße CAFÉ café "
    "cafe\u0301 a\u0301 ΟΔΟΣ ΟΔΟΣ. Σ ΑΣ' ΣΑ İstanbul ıI \u212aelvin 日本語 北京 а ан Москва ½ x² Ⅷ ٣ — – … ’ a’s the’s “the” "
    "an\u200bother A\u00adB 👍 👩‍💻 ǅ ﬁne ﬀ the\u0301 _a_ a_b a-b -a- , . ! ? \u00bf a\u0345 Å \u212b"
).split(" ")
# Several forms of each word, for stemming.
FORMS = [
    form.split()
    for form in (
        "dog dogs dog's dogs'|license licence licences licensed LICENSING licensee|relate related relation relational|"
        "happy happily happier happiness|die died dies dying|sky skies sky's|geology geologist geologically geologi|"
        "run runs running runner|hope hopes hoping hopeful hopefulness|fly flies flying flown|1990 1990s 2nd 2nds|"
        "stop stops stopped stopping|news new newer|nation national nationally nationalise nationalize"
    ).split("|")
]
SPACES = [" "] * 20 + ["  ", "\t", "\n", "\n", "\n", "\r\n", "\u00a0", "\u2003", "\x1c", "\u200b", "\u3000", "\u2028", "", "\x00"]
FIXED = [
    ("", [""]),
    ("", ["the"]),
    ("a", ["the"]),
    ("\n\n", ["\n"]),
    ("?!", ["...", "—"]),
    ("cat", [""]),
    ("The cat.", ["a cat", "dog"]),
    ("a b c d", ["d c b a", "a c b d"]),
    ("x y\nx z", ["x z y\nz x"]),
    ("one two three two one\nfour", ["two one two\none one", "four\n\nthree\n"]),
    ("yes yes yes", ["yes", "yes yes no"]),
]


def write(name, rows):
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    path = pathlib.Path(__file__).with_name(name)
    path.write_bytes(("[" + ",\n".join(lines) + "]\n").encode())


# F1, exact match, ROUGE


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


def text(rng, length, alphabet, spaces=SPACES):
    return "".join(rng.choice(alphabet) + rng.choice(spaces) for _ in range(length))


def answer_case(rng):
    # Few words, so that words repeat and subsequences have ties.
    alphabet = rng.sample(WORDS, rng.choice([2, 4, 8, 30]))
    if rng.random() < 0.4:
        alphabet = alphabet[:4] + sum(rng.sample(FORMS, rng.choice([1, 2, 4])), [])
    # Sometimes more than 64 and 128 words.
    scale = rng.choice([1] * 30 + [8, 16])
    prediction = text(rng, scale * rng.choice([0, 1, 2, 4, 8, 15]), alphabet)
    references = [
        text(rng, scale * rng.choice([0, 1, 2, 3, 6, 12]), alphabet) for _ in range(rng.choice([1, 1, 1, 2, 3]))
    ]
    if rng.random() < 0.15:
        references.append(prediction.title())
    return prediction, references


def answers(rng, count):
    plain = rouge_scorer.RougeScorer(TYPES)
    stemming = rouge_scorer.RougeScorer(TYPES, use_stemmer=True)
    for prediction, references in FIXED + [answer_case(rng) for _ in range(count - len(FIXED))]:
        scores = [
            max(f1(prediction, reference) for reference in references),
            max(float(tokens(prediction) == tokens(reference)) for reference in references),
        ] + [plain.score_multi(references, prediction)[name].fmeasure for name in TYPES]
        stemmed = [stemming.score_multi(references, prediction)[name].fmeasure for name in TYPES]
        yield {
            "prediction": prediction,
            "references": references,
            "scores": [round(score, 10) for score in scores],
            "stemmed": [round(score, 10) for score in stemmed],
        }


# Stems

SUFFIXES = (
    "s es ies sses ss ied eed ed ing y at bl iz ational tional enci anci izer bli alli entli eli ousli ization ation "
    "ator alism iveness fulness ousness aliti iviti biliti fulli logi icate ative alize iciti ical ful ness al ance "
    "ence er ic able ible ant ement ment ent ion sion tion ou ism ate iti ous ive ize e ll le ly"
).split()
IRREGULAR = (
    "sky skies dying lying tying news innings inning outings outing cannings canning howe proceed exceed succeed sky's"
).split()


def stem_case(rng):
    root = "".join(
        rng.choice("bcdfghjklmnprstvwxz") if rng.random() < 0.55 else rng.choice("aeiouyaeiouyyy0")
        for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 3, 4, 6]))
    )
    if root and rng.random() < 0.2:
        root += root[-1]
    return root + "".join(rng.choice(SUFFIXES) for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3])))


def stems(rng, count):
    stemmer = PorterStemmer()
    words = dict.fromkeys(IRREGULAR)
    while len(words) < count:
        word = stem_case(rng)
        if word:
            words[word] = None
    for word in words:
        yield [word, stemmer.stem(word)]


# LongBench

CLASSES = ["place", "Other place", "Other", "person", "Group of persons", "Group", "date", "Déjà vu", ""]
CODE = ["x", "y1", "foo", "(", ")", " = ", "\t", "    ", "return ", "if ", ":", "[", "]", "+", "é", "日", "0", "self."]


def share(number, prediction):
    numbers = re.findall(r"\d+", prediction)
    return sum(other == number for other in numbers) / len(numbers) if numbers else 0.0


def classification(prediction, reference, classes):
    named = [name for name in classes if name in prediction]
    for name in named:  # The list changes during iteration, as in the script.
        if name != reference and name in reference:
            named.remove(name)
    return 1 / len(named) if reference in named else 0.0


def code_similarity(prediction, reference):
    lines = prediction.lstrip("\n").split("\n")
    line = next((line for line in lines if not any(mark in line for mark in ("`", "#", "//"))), "")
    return fuzz.ratio(line, reference) / 100


def rouge_l(prediction, reference):
    try:
        return Rouge().get_scores([prediction], [reference], avg=True)["rouge-l"]["f"]
    except ValueError:
        return 0.0


def edited(rng, line, alphabet):
    parts = list(line)
    for _ in range(rng.choice([0, 1, 2, 5, 20])):
        place = rng.randrange(len(parts) + 1)
        parts[place : place + rng.choice([0, 0, 1, 3])] = [rng.choice(alphabet) for _ in range(rng.choice([0, 1, 2]))]
    return "".join(parts)


def code_line(rng):
    return text(rng, rng.choice([0, 1, 3, 8, 20, 20, 60, 120]), rng.sample(CODE, rng.choice([3, 8, len(CODE)])), [""])


def longbench_case(rng, task):
    classes = []
    if task == "rouge":
        alphabet = rng.sample(WORDS, rng.choice([2, 4, 8])) + ["word.", "Word", "."]
        prediction = text(rng, rng.choice([0, 1, 3, 8, 20, 50]), alphabet)
        reference = text(rng, rng.choice([0, 1, 3, 8, 20, 50]), alphabet)
        if rng.random() < 0.1:
            prediction = reference.replace(".", rng.choice([".", ". "]))
        score = rouge_l(prediction, reference)
    elif task == "classification":
        classes = rng.sample(CLASSES, rng.choice([2, 4, len(CLASSES)]))
        reference = rng.choice(classes)
        prediction = text(rng, rng.choice([0, 1, 1, 2, 4]), CLASSES + classes * 2 + ["none", "PLACE"])
        score = classification(prediction, reference, classes)
    elif task in ("retrieval", "count"):
        number = str(rng.choice([1, 3, 12, 30]))
        word = rng.choice(["Paragraph ", "段落"])
        reference = number
        if task == "retrieval":
            reference = rng.choice(["", word + "x "]) + word + number + rng.choice(["", f" or {word}7."])
            number = re.findall(word + r"(\d+)", reference)[0]
        prediction = text(rng, rng.choice([0, 1, 1, 2, 5]), [number, "Paragraph " + number, number, "3", "12.", "٣", "x30y", "no"])
        score = share(number, prediction)
    else:
        reference = code_line(rng)
        lines = [rng.choice(["", "", "# note", "```", "a // b", code_line(rng)]) for _ in range(rng.choice([0, 0, 1, 3]))]
        prediction = "\n".join(lines + [edited(rng, reference, CODE), code_line(rng)])
        score = code_similarity(prediction, reference)
    return {"task": task, "prediction": prediction, "reference": reference, "classes": classes, "score": round(score, 12)}


def similarity_case(rng):
    alphabet = rng.choice(["ab", "abc d", string.ascii_lowercase + " ", "aé日👍\n "])
    length = rng.choice([0, 1, 5, 30, 150, 199, 200, 201, 320])
    b = "".join(rng.choice(alphabet) for _ in range(length))
    a = edited(rng, b, alphabet) if rng.random() < 0.7 else "".join(rng.choice(alphabet) for _ in range(length // 2))
    return [a, b, round(difflib.SequenceMatcher(None, a, b).ratio(), 12), fuzz.ratio(a, b)]


# RULER


def ruler_case(rng):
    parts = ["7421", "blue-fox", "Ünder", "ΟΔΟΣ", "a\tb", "line\nbreak", " edge ", "the end"]
    references = rng.sample(parts, rng.choice([1, 2, 4]))
    prediction = text(rng, rng.choice([0, 1, 3, 8]), parts + [part.upper() for part in parts] + ["\x01", "and"])
    clean = re.sub(r"[\x00-\x1f]", "\n", prediction.strip()).strip().lower()
    held = [reference.lower() in clean for reference in references]
    return {"prediction": prediction, "references": references, "all": sum(held) / len(held), "any": float(any(held))}


def main(seed=0):
    rng = random.Random(int(seed))
    write("metrics.json", answers(rng, 400))
    write("metrics_stems.json", stems(rng, 3000))
    tasks = ["rouge"] * 120 + ["code"] * 80 + ["classification"] * 80 + ["retrieval"] * 70 + ["count"] * 70
    write("metrics_longbench.json", (longbench_case(rng, task) for task in tasks))
    write("metrics_similarity.json", (similarity_case(rng) for _ in range(120)))
    write("metrics_ruler.json", (ruler_case(rng) for _ in range(120)))


if __name__ == "__main__":
    main(*sys.argv[1:])
