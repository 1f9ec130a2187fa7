"""Two tiny Llamas: one with Llama 3's scaled rotary frequencies, one with linear scaling and wide heads."""
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from . import tokenizer
from .common import embed, greedy, load_llama, random_weights, until_suitable, write_json

COMMON = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "attention_bias": False,
    "mlp_bias": False, "attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3,
    "use_cache": True}


def make_rope3(fixture):
    """Grouped-query attention, untied, two bfloat16 safetensors shards, rotary keys as in Llama 3.1's config."""
    config = dict(
        COMMON, vocab_size=tokenizer.SIZE, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=1024, rms_norm_eps=1e-5,
        rope_theta=10000.0, tie_word_embeddings=False, torch_dtype="bfloat16",
        # Wavelengths below 32 stay, above 128 are stretched eightfold, between are blended: a head of 16 has all three.
        rope_scaling={"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 128})
    model = initialised(config, torch.bfloat16)
    write_json(fixture.folder / "config.json", config)
    write_shards(fixture.folder, {key: value.to(torch.bfloat16) for key, value in model.state_dict().items()})
    own = tokenizer.train()
    tokenizer.save(own, fixture.folder)
    write_json(fixture.root / "expected" / "tokenizer.json", tokenizer.expectations(own))
    record(fixture, tokenizer.SIZE)


def make_linear(fixture):
    """One key/value head, heads wider than hidden_size / num_attention_heads, tied, one zipped-pickle float32 .bin.

    The file has what a real one may have: the tied head as a second name of one storage, tensors that start inside a
    storage, and one that is stored transposed.
    """
    config = dict(
        COMMON, vocab_size=96, hidden_size=40, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=1, head_dim=16, max_position_embeddings=512, rms_norm_eps=1e-6, rope_theta=5000.0,
        tie_word_embeddings=True, torch_dtype="float32", rope_scaling={"type": "linear", "factor": 4.0})
    model = initialised(config, torch.float32)
    write_json(fixture.folder / "config.json", config)
    state = model.state_dict()  # an OrderedDict with a `_metadata` attribute, as real files have it
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    name = "model.layers.0.mlp.down_proj.weight"
    state[name] = state[name].t().contiguous().t()
    pair = ["model.layers.1.self_attn.k_proj.weight", "model.layers.1.self_attn.v_proj.weight"]
    both = torch.cat([state[name] for name in pair])
    state[pair[0]], state[pair[1]] = both[:16], both[16:]
    torch.save(state, fixture.folder / "pytorch_model.bin")
    record(fixture, 96)


def initialised(config, dtype):
    other = ("architectures", "model_type", "torch_dtype")
    model = LlamaForCausalLM(LlamaConfig(**{key: value for key, value in config.items() if key not in other}))
    random_weights(model, dtype)
    return model


def write_shards(folder, state):
    """Two shards, cut in the middle of a layer, and their index."""
    names = sorted(state)
    files = {"model-00001-of-00002.safetensors": names[:len(names) // 2],
             "model-00002-of-00002.safetensors": names[len(names) // 2:]}
    for file, members in files.items():
        save_file({name: state[name].contiguous() for name in members}, folder / file, metadata={"format": "pt"})
    total = sum(value.numel() * value.element_size() for value in state.values())
    write_json(folder / "model.safetensors.index.json", {
        "metadata": {"total_size": total},
        "weight_map": {name: file for file, members in files.items() for name in members}})


@torch.no_grad()
def record(fixture, vocabulary):
    """The values every Llama fixture has; README.md lists them."""
    model = load_llama(fixture.folder)
    values, tensors = fixture.values, fixture.tensors

    ids = fixture.ids(32, vocabulary)
    values["ids"] = ids
    tensors["states"] = model.model(torch.tensor([ids])).last_hidden_state[0]
    tensors["logits"] = model(torch.tensor([ids])).logits[0]

    soft = 0.5 * torch.randn(4, model.config.hidden_size)
    values["soft_ids"] = fixture.ids(10, vocabulary)
    tensors["soft_prompt"] = soft
    tensors["soft_logits"] = model(inputs_embeds=torch.cat([soft, embed(model, values["soft_ids"])])[None]).logits[0]

    def continuation():
        prompt = fixture.ids(6, vocabulary)
        return prompt, greedy(model, embed(model, prompt), 16)
    values["greedy_prompt"], values["greedy_ids"] = until_suitable(continuation)

    # A prompt of 7 in two pieces, then one id a step.
    steps, cache, logits = fixture.ids(13, vocabulary), None, []
    for piece in [steps[:4], steps[4:7]] + [[token] for token in steps[7:]]:
        output = model(torch.tensor([piece]), past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        logits.append(output.logits[0])
    values["cached_ids"], values["cached_pieces"] = steps, [4, 3] + [1] * 6
    tensors["cached_logits"] = torch.cat(logits)

    rows = [fixture.ids(count, vocabulary) for count in (7, 12, 4)]
    values["batch_rows"] = rows
    for side in ("right", "left"):
        padded, mask = padded_batch(rows, side)
        values["batch_{}_ids".format(side)], values["batch_{}_mask".format(side)] = padded.tolist(), mask.tolist()
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        output = model(padded, attention_mask=mask, position_ids=positions).logits
        tensors["batch_{}_logits".format(side)] = output[mask.bool()]
    fixture.finish()


def padded_batch(rows, side):
    """Ids and mask [B, T] of rows of unlike length; padding is id 3."""
    longest = max(len(row) for row in rows)
    padded, mask = torch.full((len(rows), longest), 3), torch.zeros(len(rows), longest, dtype=torch.long)
    for index, row in enumerate(rows):
        start = longest - len(row) if side == "left" else 0
        padded[index, start:start + len(row)] = torch.tensor(row)
        mask[index, start:start + len(row)] = 1
    return padded, mask
