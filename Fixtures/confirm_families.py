#!/usr/bin/env python3
"""Compares llama.cpp's logits of GGUF models with the reference values that were computed by transformers.

    python3 -m venv venv && venv/bin/pip install llama-cpp-python numpy
    venv/bin/python Fixtures/confirm_families.py [FOLDER EXPECTED]

FOLDER holds NAME.gguf files, EXPECTED.json a list of ids for each NAME, EXPECTED.safetensors its logits, NAME.logits.
Defaults: families and expected/families beside this file. llama.cpp rounds what it multiplies with bfloat16 weights: a
file of float32 weights agrees to about 1e-6 of the logits' norm, one of bfloat16 to about 1e-2.
"""
import json
import sys
from pathlib import Path

import numpy as np
from llama_cpp import Llama


def safetensors(path):
    """The float32 tensors of a file."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    return {
        name: np.frombuffer(data[8 + length + entry["data_offsets"][0]:8 + length + entry["data_offsets"][1]], "<f4")
        .reshape(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}


def main():
    here = Path(__file__).resolve().parent
    folder, expected = (
        (Path(sys.argv[1]), sys.argv[2]) if len(sys.argv) > 2 else (here / "families", str(here / "expected/families")))
    values, tensors = json.loads(Path(expected + ".json").read_text()), safetensors(Path(expected + ".safetensors"))
    failed = False
    for path in sorted(folder.glob("*.gguf")):
        name = path.stem
        ids = values[name]["ids"]
        model = Llama(str(path), n_ctx=len(ids), n_batch=len(ids), logits_all=True, verbose=False)
        model.eval(ids)
        logits, reference = np.array(model.scores[:len(ids)]), tensors[name + ".logits"]
        error = float(np.linalg.norm(logits - reference) / np.linalg.norm(reference))
        failed |= error > 3e-2
        print("{:16} {:.1e}{}".format(name, error, "" if error <= 3e-2 else "  differs"))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
