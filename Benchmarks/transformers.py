#!/usr/bin/env python3
"""Benchmarks of Hugging Face transformers, with peft for training, on the CPU, for comparison with `lloco bench`.

Prints one JSON object per line: {"peer", "work", "tokens", "seconds", "tokens_per_second"}; seconds is the median.
"""
import argparse
import json
import os
import statistics
import sys
import time
import warnings

# This file has the library's name, so its folder is removed from the path for `import transformers`.
sys.path = [entry for entry in sys.path if os.path.abspath(entry or ".") != os.path.dirname(os.path.abspath(__file__))]

# No progress output.
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
warnings.simplefilter("ignore", FutureWarning)

USUAL = {"prefill": [512, 1536, 4096], "decode": [128, 4096], "train": [512, 1536]}
DECODE_STEPS = 32


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("works", nargs="*", metavar="work", help="prefill, decode, train; default: all")
    parser.add_argument("--dtype", choices=["bf16", "f32"], default="bf16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3, help="timed runs after one warm-up run")
    parser.add_argument("--tokens", help="lengths instead of the default ones, such as 512,1536")
    options = parser.parse_args()
    for work in options.works:
        if work not in USUAL:
            parser.error("no such work: " + work)
    return options


def load(path, dtype):
    """The model with weights dequantized to `dtype`, without the quantization settings that the GGUF loader adds."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaForCausalLM
    folder, name = os.path.split(os.path.abspath(path))
    unpacked = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    config = unpacked.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config._attn_implementation = "sdpa"
    model = LlamaForCausalLM(config)
    model.load_state_dict(unpacked.state_dict())
    return model.to({"bf16": torch.bfloat16, "f32": torch.float32}[dtype]).eval()


class Measuring:
    def __init__(self, options):
        import torch
        self.torch = torch
        self.options = options
        torch.set_num_threads(options.threads)
        torch.manual_seed(0)
        self.model = load(options.model, options.dtype)

    def lengths(self, work):
        if self.options.tokens:
            return [int(length) for length in self.options.tokens.split(",")]
        return USUAL[work]

    def ids(self, count):
        return self.torch.randint(10, 49000, (1, count))

    def median(self, body):
        body()
        times = []
        for _ in range(self.options.runs):
            start = time.perf_counter()
            body()
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    def report(self, work, tokens, seconds, count):
        print(json.dumps({
            "peer": "transformers-" + self.options.dtype, "work": work, "tokens": tokens, "seconds": seconds,
            "tokens_per_second": count / seconds,
        }), flush=True)

    def prefill(self):
        for count in self.lengths("prefill"):
            ids = self.ids(count)
            with self.torch.no_grad():
                seconds = self.median(lambda: self.model(ids, use_cache=True, logits_to_keep=1))
            self.report("prefill", count, seconds, count)

    def decode(self):
        for count in self.lengths("decode"):
            ids = self.ids(count)
            with self.torch.no_grad():
                cache = self.model(ids[:, :-1], use_cache=True, logits_to_keep=1).past_key_values if count > 1 else None

                def steps():
                    # The text's last token gives the first new token; the steps after it are timed.
                    out = self.model(ids[:, -1:], past_key_values=cache, use_cache=True)
                    start = time.perf_counter()
                    for _ in range(DECODE_STEPS):
                        token = out.logits[:, -1:].argmax(-1)
                        out = self.model(token, past_key_values=out.past_key_values, use_cache=True)
                    out.logits[:, -1:].argmax(-1)
                    seconds = time.perf_counter() - start
                    out.past_key_values.crop(-(DECODE_STEPS + 1))
                    return seconds

                steps()
                seconds = statistics.median(steps() for _ in range(self.options.runs))
            self.report("decode", count, seconds, DECODE_STEPS)

    def train(self):
        """One LoRA step. It comes last, since it adds adapters to the model."""
        from peft import LoraConfig, get_peft_model
        projections = ["q_proj", "k_proj", "v_proj", "o_proj"]
        model = get_peft_model(self.model, LoraConfig(r=8, lora_alpha=16, target_modules=projections)).train()
        optimizer = self.torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
        for count in self.lengths("train"):
            ids = self.ids(count)

            def step():
                model(input_ids=ids, labels=ids).loss.backward()
                optimizer.step()
                optimizer.zero_grad()

            self.report("train", count, self.median(step), count)


def main():
    options = arguments()
    measuring = Measuring(options)
    for work in USUAL:
        if work in (options.works or USUAL):
            getattr(measuring, work)()


if __name__ == "__main__":
    main()
