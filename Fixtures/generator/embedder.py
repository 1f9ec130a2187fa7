"""A tiny BERT in the layout of sentence-transformers, and what its variants give: poolings, dense modules, prompts."""
import json
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel

from .bert import vocabulary
from .common import random_weights, write_json

TEXTS = ["the river rose", "The RIVER rose, and rose! A long road to the water mill.", "a"]
WIDTH, NARROW = 16, 6
PREFIX = "sentence_transformers.models."


def modules(*names, encoder=""):
    found = [{"idx": 0, "name": "0", "path": encoder, "type": PREFIX + "Transformer"}]
    for index, name in enumerate(names, 1):
        found.append({"idx": index, "name": str(index), "path": "{}_{}".format(index, name), "type": PREFIX + name})
    return found


def pooling(**flags):
    config = {"word_embedding_dimension": WIDTH}
    for mode in ["cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]:
        config["pooling_mode_" + mode] = bool(flags.pop(mode, False))
    return dict(config, **flags)


def dense(inputs, outputs, activation, **more):
    return dict({"in_features": inputs, "out_features": outputs, "bias": True,
                 "activation_function": "torch.nn.modules." + activation}, **more)


# What is written over the files of the folder; None takes a file away.
VARIANTS = {
    "cls": {"modules.json": modules("Pooling", "Normalize"), "1_Pooling/config.json": pooling(cls_token=True)},
    "max": {"modules.json": modules("Pooling"), "1_Pooling/config.json": pooling(max_tokens=True)},
    "all": {"modules.json": modules("Pooling"), "1_Pooling/config.json": pooling(
        cls_token=True, max_tokens=True, mean_tokens=True, mean_sqrt_len_tokens=True, weightedmean_tokens=True,
        lasttoken=True)},
    "named": {"modules.json": modules("Pooling"), "1_Pooling/config.json": {
        "embedding_dimension": WIDTH, "pooling_mode": ["lasttoken", "cls"]}},
    "tanh": {"modules.json": modules("Pooling", "Dense"), "1_Pooling/config.json": pooling(mean_tokens=True),
             "2_Dense/config.json": dense(WIDTH, NARROW, "activation.Tanh")},
    "deep": {"modules.json": modules("Pooling", "Dropout", "Normalize", "Dense", "Dense", "Normalize"),
             "1_Pooling/config.json": pooling(cls_token=True),
             "4_Dense/config.json": dense(WIDTH, WIDTH, "activation.GELU", use_residual=True),
             "5_Dense/config.json": dense(WIDTH, NARROW, "linear.Identity", bias=False)},
    "prompts": {"modules.json": modules("Pooling", "Normalize"), "1_Pooling/config.json": pooling(mean_tokens=True),
                "config_sentence_transformers.json": {
                    "prompts": {"query": "The question: ", "passage": "Document: "}, "default_prompt_name": None}},
    "default": {"modules.json": modules("Pooling", "Normalize"), "1_Pooling/config.json": pooling(mean_tokens=True),
                "config_sentence_transformers.json": {
                    "prompts": {"query": "", "task": "a long one "}, "default_prompt_name": "task"}},
    "apart": {"modules.json": modules("Pooling"), "1_Pooling/config.json": pooling(
                  cls_token=True, mean_tokens=True, weightedmean_tokens=True, include_prompt=False),
              "config_sentence_transformers.json": {"prompts": {"query": "The question: ", "document": ""}}},
    "lower": {"modules.json": modules("Pooling"), "1_Pooling/config.json": pooling(mean_tokens=True),
              "sentence_bert_config.json": {"max_seq_length": 10, "do_lower_case": True}},
    "limit": {"modules.json": modules("Pooling"), "1_Pooling/config.json": pooling(mean_tokens=True),
              "sentence_bert_config.json": {}},
    "saved": {},  # by sentence-transformers itself, in the newest form
}


def make(fixture):
    """A cased encoder, so that lower-casing shows; without modules.json it is the mean."""
    tokens = vocabulary()
    folder = fixture.folder
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=False, strip_accents=False).save(
        str(folder / "tokenizer.json"), pretty=False)
    write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "BertTokenizer", "do_lower_case": False, "strip_accents": False, "model_max_length": 14})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 32, "do_lower_case": False})
    config = dict(
        vocab_size=len(tokens), hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2, intermediate_size=24,
        hidden_act="gelu", max_position_embeddings=40, type_vocab_size=2, pad_token_id=0)
    write_json(folder / "config.json", dict(config, architectures=["BertModel"], model_type="bert"))
    model = BertModel(BertConfig(**config))
    random_weights(model, torch.float16)
    save_file({key: value.half().contiguous() for key, value in model.state_dict().items()
               if "position_ids" not in key and "pooler" not in key},
              folder / "model.safetensors", metadata={"format": "pt"})
    for name, outputs, bias in [("2_Dense", NARROW, True), ("4_Dense", WIDTH, True), ("5_Dense", NARROW, False)]:
        (folder / name).mkdir(exist_ok=True)
        layer = torch.nn.Linear(WIDTH, outputs, bias=bias)
        save_file({"linear." + key: (2 * value).detach() for key, value in layer.state_dict().items()},
                  folder / name / "model.safetensors", metadata={"format": "pt"})
    fixture.values["texts"] = TEXTS
    fixture.values["variants"] = {}
    for name, files in VARIANTS.items():
        record(fixture, name, dict(files))
    fixture.finish()


@torch.no_grad()
def record(fixture, name, files):
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "model"
        shutil.copytree(fixture.folder, copy)
        if name == "saved":
            write(copy, VARIANTS["prompts"])
            saved = Path(place) / "saved"
            SentenceTransformer(str(copy), device="cpu").save(str(saved), create_model_card=False)
            wanted = ["modules.json", "1_Pooling/config.json", "2_Normalize/config.json", "sentence_bert_config.json",
                      "config_sentence_transformers.json", "tokenizer_config.json"]
            files = {file: json.loads((saved / file).read_text()) for file in wanted if (saved / file).exists()}
            files["config_sentence_transformers.json"].pop("__version__")
        write(copy, files)
        model = SentenceTransformer(str(copy), device="cpu", model_kwargs={"dtype": torch.float32}).eval()
        prompts = json.loads((copy / "config_sentence_transformers.json").read_text()) if (
            copy / "config_sentence_transformers.json").exists() else {}
        known = prompts.get("prompts", {})
        standard = known.get(prompts.get("default_prompt_name"), "")
        question = known.get("query", standard)
        passage = next((known[key] for key in ("document", "passage", "corpus") if known.get(key)), None)
        if passage is None:
            passage = "" if any(key in known for key in ("document", "passage", "corpus")) else standard
        for role, prompt in [("question", question), ("passage", passage)]:
            vectors = model.encode(TEXTS, prompt=prompt or None if prompt else "", convert_to_tensor=True)
            fixture.tensors["{}.{}".format(name, role)] = torch.nn.functional.normalize(vectors.float(), dim=-1)
        # As text: a test writes them as they are.
        fixture.values["variants"][name] = {path: json.dumps(value) for path, value in files.items()}


def write(folder, files):
    for path, value in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(json.dumps(value))
