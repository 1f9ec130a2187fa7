"""A tiny sentence encoder in the layout of all-MiniLM: BERT, WordPiece, mean of the token states, unit length."""
import string

import torch
from safetensors.torch import save_file
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel

from .common import random_weights, write_json

WORDS = """the a of and to in is was river rose water road mill letter document question answer vector long short read
once 12 2024 do not café strasse 語 中 don can""".split()
PIECES = "s ed ing er ly est tion 's 24 語 文 rose".split()

TEXTS = [
    "", "the river rose", "The RIVER rose, and rose!", "Reading documents: shorter questions, longer answers?",
    "café CAFÉ cafe\u0301", "中文 and 日本語", "don't; can't.", "20242024 12 1.5",
    "tab\tnew\nline\u0000nul\u00a0nbsp", "x" * 120, "unknown 🦆 duck", "[CLS] the [SEP] [MASK] river [PAD]",
    "straße STRASSE", "a.b,c;d", "…—“the”",
]


def vocabulary():
    """Ids as in all vocabularies of this kind: [PAD] first, then words, then ##pieces; not every character is in it."""
    signs = list(string.ascii_lowercase + string.digits + ".,;:!?'-\"()[]…—“”")
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + signs + WORDS
    tokens += ["##" + piece for piece in list(string.ascii_lowercase + string.digits) + PIECES]
    return list(dict.fromkeys(tokens))


def make(fixture):
    tokens = vocabulary()
    (fixture.folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    tokenizer = BertWordPieceTokenizer(str(fixture.folder / "vocab.txt"), lowercase=True)
    tokenizer.save(str(fixture.folder / "tokenizer.json"), pretty=False)
    specials = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
                "mask_token": "[MASK]"}
    write_json(fixture.folder / "special_tokens_map.json", specials)
    write_json(fixture.folder / "tokenizer_config.json", dict(
        specials, tokenizer_class="BertTokenizer", do_lower_case=True, strip_accents=None, tokenize_chinese_chars=True,
        do_basic_tokenize=True, model_max_length=48))
    write_json(fixture.folder / "sentence_bert_config.json", {"max_seq_length": 48, "do_lower_case": False})
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "vocab_size": len(tokens), "hidden_size": 32,
        "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "hidden_act": "gelu",
        "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0,
        "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "position_embedding_type": "absolute",
        "torch_dtype": "float32"}
    write_json(fixture.folder / "config.json", config)
    model = BertModel(BertConfig(**{key: config[key] for key in config if key not in ("architectures", "torch_dtype")}))
    random_weights(model, torch.float32)
    state = {key: value.contiguous() for key, value in model.state_dict().items() if "position_ids" not in key}
    save_file(state, fixture.folder / "model.safetensors", metadata={"format": "pt"})
    record(fixture, tokenizer)


@torch.no_grad()
def record(fixture, tokenizer):
    model = BertModel.from_pretrained(fixture.folder, dtype=torch.float32, attn_implementation="eager").eval()
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    encodings = tokenizer.encode_batch(TEXTS)
    ids = torch.tensor([encoding.ids for encoding in encodings])
    mask = torch.tensor([encoding.attention_mask for encoding in encodings])
    states = model(ids, attention_mask=mask).last_hidden_state
    mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    fixture.values["texts"] = [
        {"text": text, "ids": row[kept.bool()].tolist()} for text, row, kept in zip(TEXTS, ids, mask)]
    fixture.tensors["embeddings"] = torch.nn.functional.normalize(mean, dim=-1)
    fixture.tensors["states"] = states[3][mask[3].bool()]  # of the fourth text
    fixture.finish()
