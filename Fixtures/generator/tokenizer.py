"""A byte-level BPE vocabulary of 288 tokens, learned from a few lines, and what it makes of some strings."""
import json

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from .common import write_json

SIZE = 288
SPECIALS = ["<unk>", "<s>", "</s>", "<pad>"]  # ids 0 to 3

TEXT = """A long document is read once and kept as a few vectors; a question is answered from the vectors alone.
The river rose in the night, and in the morning the road to the mill was under water, so the letters waited.
There are 12 boats, 365 days and 1024 reasons to be there at the end of the year.
""".splitlines()

STRINGS = [
    "", " ", "the", " the the", "The river rose.", "  two  spaces and a tab\there", "line\nbreaks\r\n\r\nend\n",
    "12 boats, 365 days, 1,024.50 reasons", "don't we'll I'm it's THEY'RE", "naïve café, coöperate",
    "über Größe, Straße", "Ελληνικά и русский", "日本語の文と中文。", "한국어 문장", "שלום عالم",
    "👍🏽 👩‍👩‍👧 🇫🇷", "a\u00a0no-break\u3000wide", "e\u0301 and \u00e9", "zero\u200bwidth",
    "under_score-and/slash\\back", "<s>not text</s>", "x</s>y <pad><unk>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "…“quotes” — dashes–", "\u0000nul\u007f", "ﬁ ligature ½ ²",
]


def train():
    tokenizer = Tokenizer(models.BPE())
    # As SmolLM: single digits, then GPT-2's splits.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE, special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIALS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    assert tokenizer.get_vocab_size() == SIZE
    return tokenizer


def vocabulary(tokenizer):
    """(tokens by id, merges as "left right")"""
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [tokenizer.id_to_token(token) for token in range(SIZE)]
    return tokens, [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]


def save(tokenizer, folder):
    """tokenizer.json and tokenizer_config.json, as a Hugging Face folder has them."""
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "pad_token": "<pad>", "add_bos_token": False, "add_eos_token": False, "clean_up_tokenization_spaces": False,
        "model_max_length": 1024})


def expectations(tokenizer):
    """[{"text", "ids", "decoded"}], no special token added."""
    cases = []
    for text in STRINGS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False)})
    return cases
