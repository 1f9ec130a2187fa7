"""The values of ggml's block formats: 32 weights a block, a float16 scale, for kinds ending in 1 a float16 minimum."""
import numpy as np
from gguf import GGMLQuantizationType as Kind

# kind: (bytes a block, whether it has a minimum, what is subtracted from a code, the 5th bits)
BLOCKS = {Kind.Q4_0: (18, False, 8, False), Kind.Q4_1: (20, True, 0, False), Kind.Q5_0: (22, False, 16, True),
          Kind.Q5_1: (24, True, 0, True)}


def dequantize(data, kind, shape):
    """float32 of `shape` from a tensor's bytes."""
    raw = np.ascontiguousarray(data).view(np.uint8).reshape(-1)
    if kind == Kind.F32:
        return raw.view(np.float32).reshape(shape)
    if kind == Kind.F16:
        return raw.view(np.float16).astype(np.float32).reshape(shape)
    if kind == Kind.BF16:
        return (raw.view(np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(shape)
    if kind == Kind.Q8_0:
        blocks = raw.reshape(-1, 34)
        return (half(blocks, 0) * blocks[:, 2:].view(np.int8).astype(np.float32)).reshape(shape)
    size, has_minimum, offset, fifth = BLOCKS[kind]
    blocks = raw.reshape(-1, size)
    position = 4 if has_minimum else 2
    nibbles = blocks[:, -16:]  # weight i is the low half of byte i, weight i + 16 its high half
    codes = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.int32)
    if fifth:
        bits = blocks[:, position:position + 4].copy().view(np.uint32)
        codes |= ((bits >> np.arange(32, dtype=np.uint32)) & 1).astype(np.int32) << 4
    values = half(blocks, 0) * (codes - offset).astype(np.float32)
    return (values + half(blocks, 2) if has_minimum else values).reshape(shape)


def half(blocks, start):
    return blocks[:, start:start + 2].copy().view(np.float16).astype(np.float32)
