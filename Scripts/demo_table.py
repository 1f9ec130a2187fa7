"""Tables of the demo.

python3 demo_table.py scores none.jsonl [general.jsonl] [own.jsonl]    what `lloco evaluate --json` printed
python3 demo_table.py answers ANSWERS.jsonl    what `lloco ask --json` printed, a line a mode
"""
import json
import sys
import textwrap
from pathlib import Path


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def scores(*paths):
    print(f"{'adapter':20}{'mode':12}{'token F1':>9}{'ROUGE-L':>9}{'context tokens':>16}{'s/question':>14}")
    for path in paths:
        name = {"own": "the group's own"}.get(Path(path).stem, Path(path).stem)
        for result in lines(path):
            print(f"{name:20}{result['mode']:12}{result['f1']:9.1f}{result['rougeL']:9.1f}"
                  f"{result['context_tokens']:16.0f}{result['seconds_per_question']:14.2f}")


def answers(path):
    print(f"{'mode':12}{'context tokens':>15}{'first token':>13}{'total':>9}  answer")
    results = lines(path)
    for result in results:
        seconds = result["seconds"]
        first = textwrap.shorten(result["answer"], 70, placeholder=" …") or "(nothing)"
        print(f"{result['mode']:12}{result['context_tokens']:15}{seconds['prefill']:11.2f} s"
              f"{seconds['total']:7.2f} s  {first}")
    tokens = {result["mode"]: result["context_tokens"] for result in results}
    if tokens.get("compressed"):
        print(f"\ncompressed reads {tokens['full'] / tokens['compressed']:.1f} times fewer context tokens than full")


if __name__ == "__main__":
    commands = {"scores": scores, "answers": answers}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])
