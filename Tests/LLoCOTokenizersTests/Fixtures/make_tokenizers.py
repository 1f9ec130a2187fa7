"""Generates small tokenizers of every supported kind, with the reference implementations' output for unusual strings.

python make_tokenizers.py [OUT_DIR] [MORE_STRINGS.json]

Requires `tokenizers`, `sentencepiece` and `jinja2`. Writes one folder per tokenizer, `expected.json` with ids and
decoded text, and `chats.json` with rendered conversations. Without arguments, the fixtures are written to this folder.
"""

import io
import json
import pathlib
import sys

import jinja2
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)

CORPUS = [
    "A long document is read once, and then it is not read again; the answers come from what was kept of it.",
    "The clerk didn't know that the clerks' ledger wasn't the clerk's ledger, and we'll never know who's right.",
    "In 1998 there were 12 houses; in 2024 there were 1,250 houses, 36 shops and 7 schools in the town.",
    "def double(value):\n    return value * 2\n\nfor value in range(10):\n    print(double(value))\n",
    "The café on the corner served crème brûlée to naïve travellers, and the señor paid in euros: 3,50 €.",
    "Die Straße führt über die Brücke zum Schloß; der Weg ist weit. Быстрая лиса прыгает через собаку.",
    "東京の天気は晴れです。今日は山に行きます。 한국어 문장도 하나 있습니다. नमस्ते दुनिया",
    "the reader reads the readings; the reading is read by the readers; rereading is reading again and again",
    "WE SHOULD'VE LEFT. THEY'RE LATE, I'M SURE THEY'LL COME, SHE'D SAID IT'S FINE",
] * 4

STRINGS = [
    "Hello world", "the reading reader", " leading", "trailing ", "  two   three    four  ", "a\tb\nc\n\n\nd\r\ne \n f",
    "don't DON'T we'll WE'LL I'M I'm they'Re 'tis x's", "it'ſ 'K", "1 12 123 1234 12345,678.90 x1y22z333", "½ ² Ⅷ ٣٤ १२३",
    "café cafe\u0301 naïve na\u0131ve", "Å Å A\u030a \u1e9b\u0323 q\u0323\u0307 q\u0307\u0323", "ﬁ ﬀ İstanbul ß ẞ Σς Ǆ",
    "한국어 \u1112\u1161\u11ab 각", "東京の天気", "東京2024年 山a山", "नमस्ते क्षि", "สวัสดี ครับ", "مرحبا بالعالم", "\u200bzero\u200dwidth\ufeff",
    "\u00a0nbsp\u3000ideographic\u2028line\u0085next", "emoji 👩‍👩‍👧‍👦 🚀🏽 🇩🇪 ☃️", "\U0001d54f\U0001d7d8 \U00020bb7 \U0001f9ff", "\u0000\u0001\u007f\ufffd",
    "…—–“”‘’«»‹›", "$3.50 + 20% = <x> & y_z^2 ~ `a` | b\\c", "https://example.org/a-b_c?d=1&e=%20#f", "<s> </s> <unk> [CLS] x [SEP]",
    "<|begin|>text<|end|> <|begin|> spaced <|end|>", "▁▁ ▁under ▁", "x" * 120, "reading" * 16, "ab" * 60, "   \n   \n  x", "\n\n\n", " ", "", "'", "''s", " 's",
    "Быстрая лиса", "Straße über Brücke", "foo.bar(baz)\n\treturn 1;\n}\n\n\n", "!!!??? ...---", "a" * 49 + " " + "a" * 48 + " " + "a" * 47,
    "e\u0301\u0302\u0303 \u0301 x\u0301", "\u0344 \u0958 \ufb2c \u2126 \u212b",
]
if len(sys.argv) > 2:
    STRINGS += json.load(open(sys.argv[2]))

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace("{1,3}", "")


def byte_level(pre_tokenizer, size, normalizer=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.add_special_tokens([AddedToken("<|begin|>", normalized=False), AddedToken("<|end|>", normalized=False)])
    tokenizer.add_tokens([AddedToken("spaced", normalized=False, lstrip=True, rstrip=True, single_word=True)])
    return tokenizer


def split(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def save(name, tokenizer, **config):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    document = json.loads(tokenizer.to_str())
    (folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False))
    return tokenizer


def sentencepiece_model(name, **settings):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    # Trained in memory, because a model stores the paths of its training files.
    writer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter("\n".join(CORPUS).split("\n")), model_writer=writer, model_type="bpe", num_threads=1,
        minloglevel=2, normalization_rule_name="identity", unk_id=0, bos_id=1, eos_id=2, pad_id=-1, **settings)
    model = writer.getvalue()
    (folder / "tokenizer.model").write_bytes(model)
    return sentencepiece.SentencePieceProcessor(model_proto=model)


def from_sentencepiece(processor, metaspace):
    """Converts a SentencePiece model to tokenizer.json: merges are all pairs that form a piece, by the piece's score."""
    vocab = {processor.id_to_piece(i): i for i in range(processor.get_piece_size())}
    text = {p: i for p, i in vocab.items() if not (processor.is_byte(i) or processor.is_control(i) or processor.is_unknown(i))}
    merges = []
    for piece in sorted(text, key=text.get):
        pairs = [(piece[:i], piece[i:]) for i in range(1, len(piece)) if piece[:i] in text and piece[i:] in text]
        merges += [(processor.get_score(text[piece]), pair) for pair in pairs]
    merges = [pair for _, pair in sorted(merges, key=lambda m: -m[0])]
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in ["<unk>", "<s>", "</s>"]])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def wordpiece(**settings):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**settings)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(
        vocab_size=330, show_progress=False, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    return tokenizer


def expected():
    digits = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    llama3 = byte_level(split(LLAMA3), 380, ignore_merges=True)
    begin = llama3.token_to_id("<|begin|>")
    llama3.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin|> $A", special_tokens=[("<|begin|>", begin)])])
    pieces = sentencepiece_model(
        "llama2", vocab_size=400, byte_fallback=True, remove_extra_whitespaces=False, split_digits=True,
        allow_whitespace_only_pieces=True, character_coverage=0.98)
    squeezed = sentencepiece_model(
        "squeezed", vocab_size=180, character_coverage=0.98, remove_extra_whitespaces=True,
        user_defined_symbols=["<sep>", "reading"])
    tokenizers = {
        "gpt2": save("gpt2", byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), 300)),
        "smollm": save("smollm", byte_level(digits, 320), eos_token="<|end|>", bos_token="<|begin|>"),
        "llama3": save("llama3", llama3, eos_token={"content": "<|end|>"}, chat_template="{{ bos_token }}"),
        "qwen2": save("qwen2", byte_level(split(QWEN2), 300, normalizer=normalizers.NFC())),
        "llama2-prepend": save("llama2-prepend", from_sentencepiece(pieces, False)),
        "llama2-metaspace": save("llama2-metaspace", from_sentencepiece(pieces, True)),
        "uncased": save("uncased", wordpiece(lowercase=True)),
        "cased": save("cased", wordpiece(lowercase=False, strip_accents=False)),
    }
    vocab = sorted(tokenizers["uncased"].get_vocab().items(), key=lambda item: item[1])
    (OUT / "vocab").mkdir(exist_ok=True)
    (OUT / "vocab" / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in vocab))

    result = {"strings": STRINGS, "parsed": {}, "asText": {}, "decoded": {}}
    for name, tokenizer in tokenizers.items():
        # The order of tied merges is arbitrary, so the stored file is tested.
        tokenizer = Tokenizer.from_file(str(OUT / name / "tokenizer.json"))
        parsed = [tokenizer.encode(s, add_special_tokens=False).ids for s in STRINGS]
        result["parsed"][name] = parsed
        result["decoded"][name] = [tokenizer.decode(ids) for ids in parsed]
        tokenizer.encode_special_tokens = True
        as_text = [tokenizer.encode(s, add_special_tokens=False).ids for s in STRINGS]
        result["asText"][name] = {str(i): a for i, (a, p) in enumerate(zip(as_text, parsed)) if a != p}
    for name, processor in {"llama2": pieces, "squeezed": squeezed}.items():
        ids = [processor.encode(s) for s in STRINGS]
        result["parsed"][name] = ids
        result["decoded"][name] = [processor.decode(i) for i in ids]
    # Most tokenizers decode to the original text; only the exceptions are stored.
    result["decoded"] = {
        name: {str(i): text for i, text in enumerate(texts) if text != STRINGS[i]}
        for name, texts in result["decoded"].items()}
    return result


CHATML = (
    "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}{{ '<|im_start|>system\\nYou are terse.<|im_end|>\\n' }}"
    "{% endif %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
PLAIN = (
    "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
LLAMA2_CHAT = (
    "{% set system = '' %}{% set turns = messages %}{% if messages[0]['role'] == 'system' %}"
    "{% set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}{% set turns = messages[1:] %}{% endif %}"
    "{% for m in turns %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}"
    "{% endif %}{% set content = system + m['content'] if loop.first else m['content'] %}"
    "{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}")
LLAMA3_CHAT = (
    "{% for m in messages %}{% set text = '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' + m['content'] | trim"
    " + '<|eot_id|>' %}{% if loop.first %}{% set text = bos_token + text %}{% endif %}{{ text }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}")
LLAMA31_CHAT = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] | trim %}"
    "{% set messages = messages[1:] %}{% else %}{% set system = '' %}{% endif %}"
    "{{ '<|start_header_id|>system<|end_header_id|>\\n\\nCutting Knowledge Date: December 2023\\nToday Date: 26 Jul 2024\\n\\n'"
    " + system + '<|eot_id|>' }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n'"
    " + m['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}")

CONVERSATIONS = [
    [("user", "Hello")],
    [("system", "Be kind.\n"), ("user", " What is 2+2? \n")],
    [("user", "a"), ("assistant", "b "), ("user", "c <|im_end|>")],
    [("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c")],
    [("system", "s"), ("user", "\u00a0a\u200b")],
    [("assistant", "first")],
    [("user", "a"), ("user", "b")],
]


def chats():
    environment = jinja2.Environment()

    def refuse(message):
        raise ValueError(message)

    environment.globals["raise_exception"] = refuse
    tokens = {
        "chatml": (CHATML, "", ""), "plain": (PLAIN, "", ""), "llama2": (LLAMA2_CHAT, "<s>", "</s>"),
        "llama3": (LLAMA3_CHAT, "<|begin_of_text|>", ""), "llama31": (LLAMA31_CHAT, "<|begin_of_text|>", "")}
    cases = []
    for name, (template, bos, eos) in tokens.items():
        for index, conversation in enumerate(CONVERSATIONS):
            messages = [{"role": r, "content": c} for r, c in conversation]
            for prompt in [True, False]:
                try:
                    text = environment.from_string(template).render(
                        messages=messages, add_generation_prompt=prompt, bos_token=bos, eos_token=eos)
                except ValueError:
                    text = None
                cases.append({"template": name, "conversation": index, "prompt": prompt, "text": text})
    return {
        "templates": {name: template for name, (template, _, _) in tokens.items()},
        "conversations": [[{"role": r, "content": c} for r, c in conversation] for conversation in CONVERSATIONS],
        "cases": cases}


def write(name, value):
    (OUT / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


OUT.mkdir(parents=True, exist_ok=True)
write("expected.json", expected())
write("chats.json", chats())
