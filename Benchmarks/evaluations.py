"""Runs of `lloco evaluate`, for the scripts beside this file."""
import json
import subprocess
import sys
from pathlib import Path

LLOCO = str(Path(__file__).resolve().parent.parent / ".build/release/lloco")
NAMES = {"compressed": "vectors", "hybrid": "vectors and text", "retrieval": "passages", "full": "full text", "none": "nothing"}


def split(arguments):
    """A script's own arguments, and what stands behind `--`."""
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1:]


def evaluate(lloco, data, report, options):
    """The report of a run, which goes on where it was killed and is not repeated where it is done."""
    command = [lloco, "evaluate", data, "--report", str(report), *options]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit("{}: the run above failed: mend it and give the same command again".format(Path(sys.argv[0]).name))
    return json.loads(Path(report).read_text())


def figure(score):
    """A mean with its interval, as tables have it."""
    return "{mean:.1f} ({low:.1f} to {high:.1f})".format(**score)
