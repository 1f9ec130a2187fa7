#!/usr/bin/env python3
"""Benchmarks of llama.cpp, through llama-cpp-python, on the CPU, for comparison with `lloco bench`.

Prints one JSON object per line: {"peer", "work", "tokens", "seconds", "tokens_per_second"}; seconds is the median.
"""
import argparse
import json
import random
import re
import statistics
import time

USUAL = {"prefill": [512, 1536, 4096], "decode": [128, 4096]}
DECODE_STEPS = 32


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("works", nargs="*", metavar="work", help="prefill, decode; default: both")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3, help="timed runs after one warm-up run")
    parser.add_argument("--tokens", help="lengths instead of the default ones, such as 512,1536")
    options = parser.parse_args()
    for work in options.works:
        if work not in USUAL:
            parser.error("no such work: " + work)
    return options


def main():
    options = arguments()
    from llama_cpp import Llama
    model = Llama(
        options.model, n_ctx=8192, n_batch=512, n_threads=options.threads, n_threads_batch=options.threads,
        verbose=False)
    quantization = re.search(r"\b(I?Q\d\w*|BF16|F16|F32)\b", options.model.upper().replace(".GGUF", ""))
    peer = "llama.cpp-" + (quantization.group(1).lower() if quantization else "gguf")
    random.seed(0)

    def lengths(work):
        return [int(length) for length in options.tokens.split(",")] if options.tokens else USUAL[work]

    def ids(count):
        return [random.randrange(10, 49000) for _ in range(count)]

    def report(work, tokens, seconds, count):
        print(json.dumps({
            "peer": peer, "work": work, "tokens": tokens, "seconds": seconds, "tokens_per_second": count / seconds,
        }), flush=True)

    def median(body):
        body()
        return statistics.median(body() for _ in range(options.runs))

    def prefill(text):
        model.reset()
        start = time.perf_counter()
        model.eval(text)
        return time.perf_counter() - start

    def decode(count):
        # Drops cached tokens after the text; the text stays cached.
        model.n_tokens = count
        start = time.perf_counter()
        for step in range(DECODE_STEPS):
            model.eval([100 + step])
        return time.perf_counter() - start

    if "prefill" in (options.works or USUAL):
        for count in lengths("prefill"):
            text = ids(count)
            report("prefill", count, median(lambda: prefill(text)), count)
    if "decode" in (options.works or USUAL):
        for count in lengths("decode"):
            prefill(ids(count))
            report("decode", count, median(lambda: decode(count)), DECODE_STEPS)


if __name__ == "__main__":
    main()
