"""Writes the manual pages: swift-argument-parser's generate-manual makes them from the help, this module corrects them.

The tool names the page of `lloco ask` lloco.ask.1; `man lloco-ask` and apropos need lloco-ask.1. It copies the texts of the
help; in mdoc, paragraphs and examples need macros, and options need minus signs instead of hyphens. It leaves out the
options that only --help-hidden shows; the manual has them.
"""
import gzip
import json
import os
import re
import shlex
import subprocess
import tempfile
from datetime import datetime, timezone

# An option, or hyphens that begin another word: -1, --.
MINUS = re.compile(r"(?<![\w\\])-{1,2}[A-Za-z][\w-]*|(?<![\w\\])-+")

# What the help says of hidden options.
ALL_OPTIONS = "--help-hidden shows all options."


def write(generator, command, folder, version, timestamp):
    """Writes name-of-subcommand.1.gz of every subcommand into a folder."""
    date = datetime.fromtimestamp(timestamp, timezone.utc).strftime("%Y-%m-%d")
    with tempfile.TemporaryDirectory() as staged:
        # The tool asks a program for its description.
        described = os.path.join(staged, "description")
        with open(described, "w", encoding="utf-8") as file:
            json.dump(description(command), file)
        program = os.path.join(staged, command.name)
        with open(program, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexec cat {}\n".format(shlex.quote(described)))
        os.chmod(program, 0o755)
        subprocess.run(
            [str(generator), program, "--multi-page", "--date", date, "--output-directory", str(folder)], check=True)
    for path in sorted(folder.glob("*.1")):
        name = path.name[:-len(".1")].replace(".", "-")
        text = page(path.read_text(encoding="utf-8"), name, command.name, version)
        with open(folder / (name + ".1.gz"), "wb") as file:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=timestamp) as packed:
                packed.write(text.encode())
        os.unlink(path)


def description(command):
    """The command's own description of itself, in which the options that --help-hidden shows are displayed."""
    tool = json.loads(output(command, "--experimental-dump-help"))

    def reveal(described, path):
        hidden = {argument["preferredName"]["name"]: argument for argument in described.get("arguments", [])
                  if not argument["shouldDisplay"] and argument.get("preferredName", {}).get("kind") == "long"}
        hidden.pop("help", None)
        shown = output(command, *path, "--help-hidden") if hidden else ""
        for name, argument in hidden.items():
            argument["shouldDisplay"] = re.search(r"--{}\b".format(re.escape(name)), shown) is not None
        for subcommand in described.get("subcommands", []):
            reveal(subcommand, path + [subcommand["commandName"]])

    reveal(tool["command"], [])
    return tool


def output(command, *arguments):
    run = subprocess.run([str(command)] + list(arguments), stdout=subprocess.PIPE, check=True)
    return run.stdout.decode()


def page(source, name, program, version):
    """The corrected text of a page."""
    lines, literal, previous = [], False, ""
    called = program
    for line in source.splitlines():
        if line == ALL_OPTIONS:
            continue
        if line.startswith("  ") != literal:
            literal = not literal
            if literal:
                if lines[-1] == ".Pp":  # .Bd adds vertical space itself
                    lines.pop()
                lines.append(".Bd -literal -offset indent")
            else:
                lines.append(".Ed")
        if literal:
            # Quotes stay straight, so that examples can be copied.
            lines.append(MINUS.sub(minus_signs, line[2:]).replace("'", r"\(aq"))
        elif not line:
            lines.append(".Pp")
        elif line.startswith(".Dt "):
            lines.append(".Dt {} 1".format(name.upper()))
        elif line == ".Os":
            lines.append(".Os {} {}".format(program, version))
        elif line.startswith(".Nm ") and previous == ".Sh NAME":
            called = line[len(".Nm "):]
            lines.append(".Nm " + name)
        elif line == ".Nm":
            lines.append(".Nm " + called)
        elif line.startswith(".Nd "):
            lines.append(".Nd " + summary(line[len(".Nd "):]))
        elif line.startswith(".Ex "):
            lines.append(line + " " + called)
        elif line.startswith(".Xr "):
            lines.append(".Xr " + line[len(".Xr "):].replace(".", "-"))
        elif line.startswith((".Op ", ".It ")):
            lines.append(line.replace(" -", r" \-"))
        elif line.startswith("."):
            lines.append(line)
        else:
            lines.append(MINUS.sub(minus_signs, line))
        previous = line
    if name != program and not any(line.startswith(".Xr") for line in lines):
        lines += [".Sh \"SEE ALSO\"", ".Xr {} 1".format(program)]
    return "\n".join(collapsed(lines)) + "\n"


def minus_signs(match):
    return match[0].replace("-", r"\-")


def summary(text):
    """The line that apropos shows, without quotes and full stop."""
    return text.strip('"').rstrip(".")


def collapsed(lines):
    """The lines without superfluous .Pp macros."""
    kept = []
    for line in lines:
        if line == ".Pp" and kept and kept[-1].startswith((".Pp", ".Sh", ".Bl")):
            continue
        if line.startswith((".Sh", ".Bl", ".El", ".It")) and kept and kept[-1] == ".Pp":
            kept.pop()
        kept.append(line)
    return kept
