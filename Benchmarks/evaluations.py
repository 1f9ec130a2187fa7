"""Helpers for the scripts in this folder that run `lloco evaluate`."""
import json
import subprocess
import sys
from pathlib import Path

LLOCO = str(Path(__file__).resolve().parent.parent / ".build/release/lloco")
NAMES = {"compressed": "vectors", "hybrid": "vectors and text", "retrieval": "passages", "full": "full text", "none": "nothing"}


def split(arguments):
    """A script's own arguments, and those after `--`."""
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1:]


def evaluate(lloco, data, report, options):
    """Runs an evaluation and returns its report. An interrupted run resumes; a finished one is not repeated."""
    command = [lloco, "evaluate", data, "--report", str(report), *options]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit("{}: the run above failed: mend it and give the same command again".format(Path(sys.argv[0]).name))
    return json.loads(Path(report).read_text())


def figure(score):
    """A mean with its interval, for a table cell."""
    return "{mean:.1f} ({low:.1f} to {high:.1f})".format(**score)
