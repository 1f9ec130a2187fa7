"""Tiny models of the families that are not Llama's, each as a Hugging Face folder and as a GGUF file, and their logits.

The GGUF files have llama.cpp's names for tensors and keys, as its converter writes them; `confirm_families.py` beside
`make.py` compares llama.cpp's own logits of them.
"""
import math

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as Kind
from safetensors.torch import save_file

from .common import random_weights, until_suitable, write_json

VOCABULARY = 48
BASE = dict(
    vocab_size=VOCABULARY, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=256, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0,
    tie_word_embeddings=True)


def rope(theta=10000.0, kind="default", **more):
    return {"rope_parameters": {"rope_theta": theta, "rope_type": kind, **more}}


# Windows of 12 and original windows of 24 lie within the 40 ids of a reference and its greedy continuation.
FAMILIES = {
    "qwen3": ("Qwen3", {**rope(1e6), "head_dim": 32}),
    "gemma3": ("Gemma3Text", {
        "num_hidden_layers": 3, "head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 12,
        "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
        "rope_parameters": {"full_attention": {"rope_theta": 1e6, "rope_type": "linear", "factor": 4.0},
                            "sliding_attention": {"rope_theta": 1e4, "rope_type": "default"}}}),
    "smollm3": ("SmolLM3", {**rope(2e6), "num_hidden_layers": 4, "no_rope_layers": [1, 1, 1, 0]}),
    "mistral": ("Mistral", {**rope(), "sliding_window": 12, "tie_word_embeddings": False}),
    "ministral3": ("Ministral3", {
        "head_dim": 32, **rope(
            1e6, "yarn", factor=4.0, original_max_position_embeddings=24, beta_fast=32.0, beta_slow=1.0, mscale=1.0,
            mscale_all_dim=1.0, llama_4_scaling_beta=0.1)}),
    "phi3": ("Phi3", {**rope(), "sliding_window": None}),
    "phi4-mini": ("Phi3", {
        "original_max_position_embeddings": 24, "sliding_window": None, **rope(
            10000.0, "longrope", partial_rotary_factor=0.75, short_factor=[1.0 + 0.05 * i for i in range(6)],
            long_factor=[1.0 + 0.7 * i for i in range(6)], original_max_position_embeddings=24)}),
    "olmo2": ("Olmo2", {**rope(5e5), "tie_word_embeddings": False}),
    "granite": ("Granite", {
        **rope(), "embedding_multiplier": 3.0, "attention_multiplier": 0.3, "residual_multiplier": 0.6,
        "logits_scaling": 4.0}),
    "yarn": ("Llama", rope(10000.0, "yarn", factor=4.0, original_max_position_embeddings=24)),
    "dynamic": ("Llama", {"max_position_embeddings": 24, **rope(10000.0, "dynamic", factor=4.0)}),
}
# llama.cpp computes no dynamic scaling, and of Mistral no window.
WITHOUT_TWIN = {"dynamic", "mistral"}


def make(fixture):
    for name, (family, changes) in FAMILIES.items():
        config = getattr(transformers, family + "Config")(**{**BASE, **changes})
        model = getattr(transformers, family.removesuffix("Text") + "ForCausalLM")(config).eval()
        randomize(model)
        folder = fixture.folder / name
        folder.mkdir(exist_ok=True)
        config.architectures = [type(model).__name__]
        config.save_pretrained(folder)
        state = {
            key: value.to(torch.bfloat16).contiguous() for key, value in model.state_dict().items()
            if not (key == "lm_head.weight" and config.tie_word_embeddings)}
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        stored = type(model).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        record(fixture, name, stored)
        if name not in WITHOUT_TWIN:
            write_twin(fixture.folder / (name + ".gguf"), stored, Kind.BF16)
    fixture.finish()


def randomize(model):
    """Random weights; where norms multiply by 1 + weight, these are around 0."""
    random_weights(model, torch.bfloat16)
    if "Gemma" in type(model).__name__:
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.data.copy_((parameter.data - 1).to(torch.bfloat16).float())


@torch.no_grad()
def record(fixture, name, model):
    """Logits of 40 ids, and a greedy continuation of 10 by 28 whole passes."""
    def logits(ids):
        return model(torch.tensor([ids]), use_cache=False).logits[0]

    ids = fixture.ids(40, VOCABULARY)
    fixture.tensors[name + ".logits"] = logits(ids)

    def continuation():
        prompt = fixture.ids(10, VOCABULARY)
        found = []
        for _ in range(28):
            last = logits(prompt + found)[-1]
            best, second = last.topk(2).values.tolist()
            if best - second < 2e-3 * float(last.abs().max()):
                return prompt, None
            found.append(int(last.argmax()))
            if found[-1] == 2:
                return prompt, None
        return prompt, found if len(set(found)) >= 3 else None
    prompt, greedy = until_suitable(continuation)
    fixture.values[name] = {"ids": ids, "greedy_prompt": prompt, "greedy_ids": greedy}


# --- GGUF

ARCHITECTURES = {
    "llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3", "gemma3_text": "gemma3",
    "smollm3": "smollm3", "ministral3": "mistral3", "phi3": "phi3", "olmo2": "olmo2", "granite": "granite"}
# Whose rows of queries and keys the converter brings into pairs.
PERMUTED = {"llama", "smollm3", "mistral3", "granite"}
NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.qkv_proj": "attn_qkv",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.gate_up_proj": "ffn_up",
    "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm"}


def gguf_name(name, architecture):
    stem, kind = name.rsplit(".", 1)
    block = ""
    if stem.startswith("model.layers."):
        number, stem = stem.removeprefix("model.layers.").split(".", 1)
        block = "blk.{}.".format(number)
    if stem == "post_attention_layernorm":
        return block + ("post_attention_norm" if architecture in ("gemma3", "olmo2") else "ffn_norm") + "." + kind
    return block + NAMES[stem] + "." + kind


def interleaved(weight, heads):
    half = weight.shape[0] // heads // 2
    return weight.reshape(heads, 2, half, -1).transpose(0, 2, 1, 3).reshape(weight.shape)


def write_twin(path, model, kind):
    """The model as llama.cpp's converter would write it, with no vocabulary."""
    config = model.config
    architecture = ARCHITECTURES[config.model_type]
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("none")
    whole = config.rope_parameters
    parameters = whole.get("full_attention", whole)
    writer.add_rope_freq_base(parameters["rope_theta"])
    writer.add_rope_dimension_count(int(head * parameters.get("partial_rotary_factor", 1)))
    if parameters["rope_type"] in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(parameters["rope_type"]))
        writer.add_rope_scaling_factor(parameters["factor"])
    if parameters["rope_type"] == "yarn":
        writer.add_rope_scaling_orig_ctx_len(parameters["original_max_position_embeddings"])
    if architecture == "gemma3":
        writer.add_sliding_window(config.sliding_window)
        period = config.layer_types.index("full_attention") + 1
        writer.add_sliding_window_pattern(period)
        writer.add_rope_freq_base_swa(whole["sliding_attention"]["rope_theta"])
        if config.query_pre_attn_scalar != head:
            writer.add_attention_scale(config.query_pre_attn_scalar ** -0.5)
    if architecture == "mistral3":
        writer.add_rope_scaling_yarn_log_mul(parameters["mscale_all_dim"])
        writer.add_attn_temperature_scale(parameters["llama_4_scaling_beta"])
    if architecture == "phi3" or getattr(config, "sliding_window", None) and architecture == "llama":
        writer.add_sliding_window(config.sliding_window or 0)
    if architecture == "granite":
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_logit_scale(config.logits_scaling)
    if parameters["rope_type"] == "longrope":
        original = parameters["original_max_position_embeddings"]
        scale = config.max_position_embeddings / original
        writer.add_rope_scaling_orig_ctx_len(original)
        writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(scale) / math.log(original)))
        for which in ("long", "short"):
            factors = np.array(parameters[which + "_factor"], dtype=np.float32)
            writer.add_tensor("rope_factors_{}.weight".format(which), factors)
    for name, value in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        weight = value.float().numpy()
        if architecture == "gemma3" and name.endswith("norm.weight"):
            weight = weight + 1
        if architecture in PERMUTED and "q_proj" in name:
            weight = interleaved(weight, config.num_attention_heads)
        if architecture in PERMUTED and "k_proj" in name:
            weight = interleaved(weight, config.num_key_value_heads)
        own = kind if weight.ndim > 1 else Kind.F32
        writer.add_tensor(
            gguf_name(name, architecture), gguf.quants.quantize(np.ascontiguousarray(weight), own), raw_dtype=own)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
