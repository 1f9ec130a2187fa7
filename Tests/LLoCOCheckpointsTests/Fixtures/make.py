"""Writes the fixtures in this folder with the reference implementations of each format.

Run with numpy, gguf, safetensors, torch:  python make.py

quantized.gguf          every supported tensor type; quantized.safetensors: its values dequantized by `gguf`
llama.gguf              a one-layer Llama in the layout of llama.cpp's converter; llama.safetensors: before conversion
pickled.bin             a state dict with strides, offsets, shared storages, a Parameter, every dtype (protocol 2)
pickled-protocol4.bin   the same in protocol 4; pickled.safetensors: the values of both
"""
import collections, os, pathlib
import gguf, numpy as np, torch
from gguf import GGMLQuantizationType as Q
from safetensors.numpy import save_file as save_numpy
from safetensors.torch import save_file as save_torch

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(7)


def k_quant(kind, rows, blocks):
    """Random bytes are valid quants; only the float16 scales must be in a sensible range."""
    size = {Q.Q4_K: 144, Q.Q5_K: 176, Q.Q6_K: 210}[kind]
    data = rng.integers(0, 256, (rows, blocks, size), dtype=np.uint8)
    scales = rng.uniform(1e-3, 1e-1, (rows, blocks, 2)).astype(np.float16)
    if kind == Q.Q6_K:
        data[..., 208:210] = scales[..., :1].view(np.uint8)
    else:
        data[..., 0:4] = scales.view(np.uint8).reshape(rows, blocks, 4)
    return data.reshape(rows, blocks * size)


def quantized():
    writer, expected = gguf.GGUFWriter(here / "quantized.gguf", "test"), {}
    for kind in [Q.F32, Q.F16, Q.BF16, Q.Q8_0, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q4_K, Q.Q5_K, Q.Q6_K]:
        name = f"{kind.name}.weight"
        if kind in (Q.Q4_K, Q.Q5_K, Q.Q6_K):
            data = k_quant(kind, 3, 2)
        else:
            data = gguf.quants.quantize((rng.standard_normal((3, 96)) * 3).astype(np.float32), kind)
        if kind in (Q.F32, Q.F16):
            writer.add_tensor(name, data)
            expected[name] = data.astype(np.float32)
        else:
            writer.add_tensor(name, data, raw_dtype=kind)
            expected[name] = gguf.quants.dequantize(data, kind).astype(np.float32)
    writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.write_tensors_to_file(); writer.close()
    save_numpy(expected, here / "quantized.safetensors")


def llama():
    heads, kv_heads, hidden, inner, vocabulary = 4, 2, 32, 64, 10
    head = hidden // heads

    def permuted(w, n):  # the converter's row order: the two halves of a head interleaved
        return w.reshape(n, 2, w.shape[0] // n // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)

    w = gguf.GGUFWriter(here / "llama.gguf", "llama")
    w.add_block_count(1); w.add_context_length(128); w.add_embedding_length(hidden); w.add_feed_forward_length(inner)
    w.add_head_count(heads); w.add_head_count_kv(kv_heads); w.add_rope_freq_base(50000.0); w.add_layer_norm_rms_eps(1e-5)
    w.add_vocab_size(vocabulary); w.add_rope_dimension_count(head)
    w.add_bos_token_id(1); w.add_eos_token_id(2); w.add_eot_token_id(3)
    w.add_token_list([f"<{i}>" if i else "é\u2581 \U0001F600" for i in range(vocabulary)])
    w.add_token_scores([-float(i) for i in range(vocabulary)]); w.add_token_types(list(range(vocabulary)))
    w.add_uint8("t.u8", 200); w.add_int8("t.i8", -100); w.add_uint16("t.u16", 60000); w.add_int16("t.i16", -30000)
    w.add_uint32("t.u32", 4000000000); w.add_int32("t.i32", -2000000000); w.add_uint64("t.u64", 2**63 + 1)
    w.add_int64("t.i64", -2**62); w.add_float32("t.f32", 0.15625); w.add_float64("t.f64", 0.1); w.add_bool("t.b", True)
    w.add_string("t.s", "naïve"); w.add_array("t.bools", [True, False, True]); w.add_array("t.nested", [[1, 2], [3]])
    expected = {}

    def add(name, stored_name, shape, kind, n=None):
        values = rng.standard_normal(shape).astype(np.float32)
        quants = gguf.quants.quantize(values, kind)
        values = gguf.quants.dequantize(quants, kind).astype(np.float32).reshape(shape)
        expected[name] = values
        # Permuting rows and quantizing them commute.
        stored = quants if n is None else permuted(quants, n)
        if kind in (Q.F32, Q.F16): w.add_tensor(stored_name, stored)
        else: w.add_tensor(stored_name, stored, raw_dtype=kind)

    p = "model.layers.0."
    add("model.embed_tokens.weight", "token_embd.weight", (vocabulary, hidden), Q.Q8_0)
    add("model.norm.weight", "output_norm.weight", (hidden,), Q.F32)
    add("lm_head.weight", "output.weight", (vocabulary, hidden), Q.F16)
    add(p + "input_layernorm.weight", "blk.0.attn_norm.weight", (hidden,), Q.F32)
    add(p + "post_attention_layernorm.weight", "blk.0.ffn_norm.weight", (hidden,), Q.F32)
    add(p + "self_attn.q_proj.weight", "blk.0.attn_q.weight", (hidden, hidden), Q.Q4_1, heads)
    add(p + "self_attn.q_proj.bias", "blk.0.attn_q.bias", (hidden,), Q.F32, heads)
    add(p + "self_attn.k_proj.weight", "blk.0.attn_k.weight", (kv_heads * head, hidden), Q.BF16, kv_heads)
    add(p + "self_attn.k_proj.bias", "blk.0.attn_k.bias", (kv_heads * head,), Q.F32, kv_heads)
    add(p + "self_attn.v_proj.weight", "blk.0.attn_v.weight", (kv_heads * head, hidden), Q.Q5_0)
    add(p + "self_attn.o_proj.weight", "blk.0.attn_output.weight", (hidden, hidden), Q.Q4_0)
    add(p + "mlp.gate_proj.weight", "blk.0.ffn_gate.weight", (inner, hidden), Q.Q8_0)
    add(p + "mlp.up_proj.weight", "blk.0.ffn_up.weight", (inner, hidden), Q.Q5_1)
    add(p + "mlp.down_proj.weight", "blk.0.ffn_down.weight", (hidden, inner), Q.Q4_0)
    expected["rope_freqs.weight"] = np.linspace(1, 8, head // 2, dtype=np.float32)
    w.add_tensor("rope_freqs.weight", expected["rope_freqs.weight"])
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
    save_numpy(expected, here / "llama.safetensors")


def pickled():
    torch.manual_seed(7)
    base = torch.randn(6, 8)
    state = collections.OrderedDict()
    state["plain"] = base
    state["transposed"] = base.t()
    state["slice"] = base[1:4, 2:7:2]
    state["row"] = base[5]
    state["permuted"] = torch.randn(2, 3, 4, dtype=torch.bfloat16).permute(2, 0, 1)
    state["parameter"] = torch.nn.Parameter(torch.randn(3, 2))
    state["scalar"] = torch.tensor(2.5, dtype=torch.float64)
    state["empty"] = torch.zeros(0, 4)
    for dtype in [torch.float16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]:
        state[str(dtype)] = torch.randint(0, 2, (5,)).to(dtype) if dtype == torch.bool else (torch.arange(5) * 7).to(dtype)
    state._metadata = collections.OrderedDict({"": {"version": 1}})
    torch.save(state, here / "pickled.bin")
    torch.save(dict(state), here / "pickled-protocol4.bin", pickle_protocol=4)
    save_torch({k: v.detach().clone().contiguous() for k, v in state.items()}, here / "pickled.safetensors")


quantized(); llama(); pickled()
print({f: os.path.getsize(here / f) for f in sorted(os.listdir(here))})
