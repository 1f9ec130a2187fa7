"""Tiny GGUF Llamas as llama.cpp's converter writes them, and the logits of the weights as they are stored."""
import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from transformers import LlamaForCausalLM

from . import dequantize, tokenizer
from .common import embed, greedy, until_suitable
from .llama import COMMON, initialised

CONFIG = dict(
    COMMON, vocab_size=tokenizer.SIZE, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=True)
# For the file of mixed kinds: untied, heads of 16 (not 32 / 4), Llama 3's frequencies.
MIXED = dict(
    CONFIG, head_dim=16, tie_word_embeddings=False,
    rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                  "original_max_position_embeddings": 128})
MIXED_KINDS = {
    "token_embd": Kind.Q8_0, "output": Kind.F16, "attn_q": Kind.Q4_0, "attn_k": Kind.Q5_0, "attn_v": Kind.Q5_1,
    "attn_output": Kind.BF16, "ffn_gate": Kind.Q4_1, "ffn_up": Kind.F32, "ffn_down": Kind.Q8_0}
NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def make(fixture):
    plain = initialised(CONFIG, torch.float32)
    mixed = initialised(MIXED, torch.float32)
    ids, models = fixture.ids(16, tokenizer.SIZE), {}
    for name, model, config, kinds in (
            ("llama-f32", plain, CONFIG, {}),
            ("llama-q8_0", plain, CONFIG, dict.fromkeys(MIXED_KINDS, Kind.Q8_0)),
            ("llama-mixed", mixed, MIXED, MIXED_KINDS)):
        path = fixture.folder / (name + ".gguf")
        write(path, name, model.state_dict(), config, kinds)
        stored = models[name] = read(path, config)
        with torch.no_grad():
            fixture.tensors[name + ".logits"] = stored(torch.tensor([ids])).logits[0]
        if config is CONFIG:  # a second opinion, where transformers reads all that the file says
            other = LlamaForCausalLM.from_pretrained(fixture.folder, gguf_file=path.name, dtype=torch.float32).eval()
            with torch.no_grad():
                torch.testing.assert_close(other(torch.tensor([ids])).logits[0], fixture.tensors[name + ".logits"])

    def continuations():
        prompt = fixture.ids(6, tokenizer.SIZE)
        return [prompt] + [greedy(model, embed(model, prompt), 12) for model in models.values()]
    prompt, *found = until_suitable(continuations)
    fixture.values.update(ids=ids, greedy_prompt=prompt, greedy_ids=dict(zip(models, found)))
    fixture.finish()


def head_dimension(config):
    return config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])


def gguf_name(name):
    """model.layers.1.self_attn.q_proj.weight -> blk.1.attn_q.weight"""
    stem, block = name.removesuffix(".weight"), ""
    if stem.startswith("model.layers."):
        number, stem = stem.removeprefix("model.layers.").split(".", 1)
        block = "blk.{}.".format(number)
    return block + NAMES[stem] + ".weight"


def interleaved(weight, heads):
    """Rows of each head from (first half, second half) to pairs: ggml rotates neighbours, transformers halves."""
    half = weight.shape[0] // heads // 2
    return weight.reshape(heads, 2, half, -1).transpose(0, 2, 1, 3).reshape(weight.shape)


def halved(weight, heads):
    """The inverse of `interleaved`."""
    half = weight.shape[0] // heads // 2
    return weight.reshape(heads, half, 2, -1).transpose(0, 2, 1, 3).reshape(weight.shape)


def rotated_heads(name, config):
    """How many heads a weight is permuted by, or None."""
    if "q_proj" in name:
        return config["num_attention_heads"]
    return config["num_key_value_heads"] if "k_proj" in name else None


def frequency_factors(config):
    """What each rotary frequency is divided by (Llama 3.1): the tensor rope_freqs.weight."""
    scaling, dimension = config["rope_scaling"], head_dimension(config)
    wavelengths = 2 * np.pi * config["rope_theta"] ** (np.arange(0, dimension, 2) / dimension)
    turns = scaling["original_max_position_embeddings"] / wavelengths
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    share = np.clip((turns - low) / (high - low), 0, 1)
    return (1 / (share + (1 - share) / scaling["factor"])).astype(np.float32)


def write(path, title, state, config, kinds):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(title)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_dimension_count(head_dimension(config))
    if "head_dim" in config:
        writer.add_key_length(config["head_dim"])
        writer.add_value_length(config["head_dim"])
    writer.add_vocab_size(config["vocab_size"])
    tokens, merges = tokenizer.vocabulary(tokenizer.train())
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in tokenizer.SPECIALS else 1 for token in tokens])  # control, normal
    writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(3)
    writer.add_add_bos_token(False)
    if config.get("rope_scaling"):
        writer.add_tensor("rope_freqs.weight", frequency_factors(config))
    for name, value in state.items():
        if name == "lm_head.weight" and config["tie_word_embeddings"]:
            continue
        weight, heads = value.numpy(), rotated_heads(name, config)
        if heads:
            weight = interleaved(weight, heads)
        kind = kinds.get(gguf_name(name).split(".")[-2], Kind.F32) if weight.ndim > 1 else Kind.F32
        writer.add_tensor(gguf_name(name), gguf.quants.quantize(np.ascontiguousarray(weight), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(path, config):
    """The model of a file: its tensors dequantised by the code here, which has to agree with the gguf package."""
    stored = {}
    for tensor in gguf.GGUFReader(path).tensors:
        shape = tuple(int(size) for size in reversed(tensor.shape))
        weight = dequantize.dequantize(tensor.data, tensor.tensor_type, shape)
        np.testing.assert_array_equal(weight, gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(shape))
        stored[tensor.name] = weight
    model = initialised(config, torch.float32)
    state = {}
    for name in model.state_dict():
        tied = name == "lm_head.weight" and config["tie_word_embeddings"]
        weight, heads = stored["token_embd.weight" if tied else gguf_name(name)], rotated_heads(name, config)
        state[name] = torch.tensor(halved(weight, heads) if heads else weight)
    model.load_state_dict(state)
    if config.get("rope_scaling"):
        dimension = head_dimension(config)
        unscaled = config["rope_theta"] ** -(np.arange(0, dimension, 2) / dimension)
        np.testing.assert_allclose(
            model.model.rotary_emb.inv_freq.numpy(), unscaled / stored["rope_freqs.weight"], rtol=1e-6)
    return model.eval()
