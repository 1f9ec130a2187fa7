#!/usr/bin/env python3
"""Answers a data set's questions with the same model and prompts as lloco, but other methods.

    Benchmarks/setup transformers
    lloco evaluate DATA --prompts prompts.jsonl
    .deps/peers/transformers/bin/python Benchmarks/answers.py MODEL.gguf prompts.jsonl --method kvzip --out kvzip.jsonl
    lloco score kvzip.jsonl

The methods keep, for a text of N tokens:

    full       all keys and values
    expected   N / ratio keys and values per head, with the highest expected attention (Expected Attention, kvpress)
    kvzip      N / ratio keys and values per head on average, attended to when repeating the text (KVzip, kvpress)
    summary    N / ratio tokens of a summary by the model

The kept parts do not depend on the questions. A text longer than the context window loses its middle. Each answer is
stored at once, so the same command resumes after the last one.
"""
import argparse
import json
import os
import sys
import tempfile
import warnings
from contextlib import nullcontext
from pathlib import Path

# Files of this folder have the names of libraries, so the folder is removed from the path.
sys.path = [entry for entry in sys.path if os.path.abspath(entry or ".") != os.path.dirname(os.path.abspath(__file__))]
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
warnings.simplefilter("ignore")

METHODS = ["full", "expected", "kvzip", "summary"]
# Room in the context window for a question, its template and its answer.
RESERVED = 1024
SUMMARY = "\n\nQuestion: Summarize this text in about {} words."


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("prompts", help="output of `lloco evaluate --prompts`")
    parser.add_argument("--method", choices=METHODS, required=True)
    parser.add_argument("--ratio", type=float, default=30, help="text tokens per kept token; default 30")
    parser.add_argument("--out", required=True, help="output file of predictions, JSON Lines")
    parser.add_argument("--dtype", choices=["bf16", "f32"], default="f32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if options.ratio < 1:
        parser.error("--ratio: expected 1 or more")
    return options


def documents(path):
    """Yields the text of each document with the lines of its questions, in order."""
    text, lines = None, []
    with open(path, encoding="utf-8") as file:
        for number, row in enumerate(file, 1):
            line = json.loads(row)
            if "text" in line:
                if lines:
                    yield text, lines
                text, lines = line.pop("text"), []
            if text is None:
                sys.exit("{}, line {}: a question without a text before it".format(path, number))
            lines.append(line)
    if lines:
        yield text, lines


class Reader:
    def __init__(self, options):
        try:
            import kvpress
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError as missing:
            sys.exit("answers.py: {}: run it in the environment that 'Benchmarks/setup transformers' makes "
                     "(remove an older one first)".format(missing))
        self.presses = {"expected": kvpress.ExpectedAttentionPress, "kvzip": kvpress.KVzipPress}
        torch.set_num_threads(options.threads)
        self.torch, self.options = torch, options
        folder, name = os.path.split(os.path.abspath(options.model))
        dtype = {"bf16": torch.bfloat16, "f32": torch.float32}[options.dtype]
        self.model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=dtype).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
        # KVzip loads the tokenizer again, from a folder.
        self.folder = tempfile.TemporaryDirectory()
        self.tokenizer.save_pretrained(self.folder.name)
        self.model.config.name_or_path = self.folder.name
        self.window = self.model.config.max_position_embeddings
        ends = self.model.generation_config.eos_token_id
        self.ends = set(ends if isinstance(ends, list) else [ends]) | {self.tokenizer.eos_token_id}

    def press(self):
        kind = self.presses.get(self.options.method)
        return kind(compression_ratio=1 - 1 / self.options.ratio) if kind else None

    def fitting(self, text, more=0):
        """A text that fits the context window beside a question and `more` tokens; a longer text loses its middle."""
        room = self.window - RESERVED - more
        return text if len(text) <= room else text[: room // 2] + text[len(text) - (room - room // 2):]

    def read(self, ids, press=None):
        """The kept keys and values of ids."""
        from transformers import DynamicCache
        cache = DynamicCache()
        with press(self.model) if press else nullcontext():
            self.model.model(input_ids=self.torch.tensor([ids]), past_key_values=cache)
        return cache

    def continued(self, cache, position, ids, limit):
        """The greedy continuation of `ids`, which begin at `position` after the cache; restores the cache."""
        lengths = [cache.get_seq_length(layer) for layer in range(len(cache))]
        said = []
        while len(said) < limit:
            positions = self.torch.arange(position, position + len(ids))[None]
            output = self.model(
                input_ids=self.torch.tensor([ids]), past_key_values=cache, position_ids=positions, logits_to_keep=1)
            position += len(ids)
            ids = [int(output.logits[0, -1].argmax())]
            if ids[0] in self.ends:
                break
            said += ids
        for layer, length in zip(cache.layers, lengths):
            layer.keys, layer.values = layer.keys[:, :, :length], layer.values[:, :, :length]
        return said

    def summary(self, text, line):
        """The token ids of a summary of a text."""
        count = max(1, round(len(text) / self.options.ratio))
        # The part of the template after a question, beginning with the token that ends the turn.
        places = [place for place, token in enumerate(line["after"]) if token in self.ends]
        end = line["after"][places[-1]:] if places else []
        request = self.tokenizer.encode(SUMMARY.format(max(1, round(count * 0.7))), add_special_tokens=False)
        ids = line["before"] + self.fitting(text, more=count)
        return self.continued(self.read(ids), len(ids), request + end, count)

    def answers(self, text, lines):
        """Yields the answer to each line's question."""
        if self.options.method == "summary":
            text = self.summary(text, lines[0])
        before = None
        for line in lines:
            # The words before the text differ between tasks.
            if line["before"] != before:
                before = line["before"]
                ids = before + self.fitting(text)
                cache = self.read(ids, self.press())
            said = self.continued(cache, len(ids), line["after"], line["max_tokens"])
            yield self.tokenizer.decode(said, skip_special_tokens=True)


def main():
    options = arguments()
    out = Path(options.out)
    rows = out.read_text(encoding="utf-8").splitlines(keepends=True) if out.exists() else []
    if rows and not rows[-1].endswith("\n"):
        # The truncated last line of a killed run.
        out.write_text("".join(rows[:-1]), encoding="utf-8")
        del rows[-1]
    # Answers with other settings must not be mixed in.
    settings = {
        "method": options.method, "ratio": None if options.method == "full" else options.ratio, "dtype": options.dtype,
        "model": os.path.basename(options.model)}
    answered = [json.loads(row) for row in rows]
    if any(line.get("settings") != settings for line in answered):
        sys.exit("answers.py: --out {}: it holds answers of other settings: name another file".format(out))
    done = {line["id"] for line in answered}
    reader = None
    for number, (text, lines) in enumerate(documents(options.prompts), 1):
        lines = [line for line in lines if line["id"] not in done]
        if not lines:
            continue
        reader = reader or Reader(options)
        with reader.torch.inference_mode(), out.open("a", encoding="utf-8") as file:
            for line, answer in zip(lines, reader.answers(text, lines)):
                kept = {key: value for key, value in line.items() if key not in ("before", "after", "max_tokens", "f1")}
                kept.update(prediction=answer, mode=options.method, settings=settings)
                file.write(json.dumps(kept, ensure_ascii=False) + "\n")
                file.flush()
        print("{} documents".format(number), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
