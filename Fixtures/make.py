#!/usr/bin/env python3
"""Makes the fixtures beside this file: tiny random models and what public implementations compute from them.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0 transformers peft gguf safetensors numpy sentence-transformers
    venv/bin/python Fixtures/make.py [--seed N] [--only NAME] [FOLDER]

FOLDER is where the fixtures go (default: this folder). README.md says what each file holds. Every reference is computed
in float32 from the files as written, read back by the public loaders, so that a fixture and its values cannot disagree.
"""
import argparse
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import torch
import transformers

from generator import adapters, autocompressor, bert, embedder, families, gguf_models, llama
from generator.common import Fixtures

MAKERS = {
    "llama-rope3": llama.make_rope3,
    "llama-linear": llama.make_linear,
    "autocompressor": autocompressor.make,
    "bert": bert.make,
    "gguf": gguf_models.make,
    "families": families.make,
    "adapters": adapters.make,
    "embedder": embedder.make,
}


def main():
    parser = argparse.ArgumentParser(description="Makes tiny models and their reference values.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--only", choices=MAKERS, action="append")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)  # one order of summation on every machine
    for index, (name, make) in enumerate(MAKERS.items()):
        if not arguments.only or name in arguments.only:
            make(Fixtures(arguments.folder, name, seed=arguments.seed * 100 + index))


if __name__ == "__main__":
    main()
