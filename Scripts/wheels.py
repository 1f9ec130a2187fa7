"""Wheels for Scripts/bootstrap: asks pip for one, checks it, unpacks a part of it."""
import base64
import hashlib
import os
import platform
import sys
import time
import zipfile
import zlib
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
# The program asks pip in the same way: what does it is compiled in there.
sys.path.insert(0, str(ROOT / "Sources" / "LLoCOModelHub" / "Pieces"))
from pieces import Failure, join, pip_download  # noqa: E402

DEPS = ROOT / ".deps"
DOWNLOADS = DEPS / "downloads"  # whole, checked wheels only
INCOMING = DOWNLOADS / "incoming"  # where pip works; emptied at every start


def say(message):
    print("bootstrap: " + message, file=sys.stderr, flush=True)


def megabytes(size):
    return "{:,.0f} MB".format(size / 1e6)


def known_wheels():
    """name: (SHA-256, size) of the wheels in checksums.txt."""
    table = {}
    for line in (ROOT / "Scripts" / "checksums.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            digest, size, name = line.split()
            table[name] = (digest, int(size))
    return table


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def wheel_fault(path):
    """What is wrong with a wheel that lies on disk, or None. A listed wheel has to match its checksum."""
    known = known_wheels().get(path.name)
    if known:
        found = sha256(path)
        return None if found == known[0] else "its SHA-256 is {}, expected {}".format(found, known[0])
    return None if zipfile.is_zipfile(path) else "it is no zip file, or its end is missing"


def runs_here(wheel):
    """Whether a wheel's platform tag is this machine's."""
    tag = wheel.name[:-len(".whl")].rsplit("-", 1)[-1]
    system = {"Linux": "manylinux", "Darwin": "macosx"}.get(platform.system(), "?")
    return tag == "any" or (system in tag and tag.endswith(platform.machine()))


def downloaded(requirement):
    """A whole wheel of `name==version` from an earlier run; a damaged one is deleted."""
    name, version = requirement.split("==")
    stem = "{}-{}".format(name.replace("-", "_"), version)
    for wheel in sorted(DOWNLOADS.glob(stem + "*.whl")):
        if wheel.name[len(stem)] not in "-+" or not runs_here(wheel):
            continue
        fault = wheel_fault(wheel)
        if not fault:
            return wheel
        say("{} in .deps/downloads is damaged ({}): deleted".format(wheel.name, fault))
        wheel.unlink()
    return None


def fetch(requirement, pythons=(None,)):
    """A checked wheel of the requirement in .deps/downloads, or None where there is no such build."""
    wheel = downloaded(requirement)
    if wheel:
        return wheel
    arrived = None
    for python in dict.fromkeys(pythons):
        arrived = pip_download(requirement, INCOMING, say, python)
        if arrived:
            break
    if not arrived:
        return None
    fault = wheel_fault(arrived)
    if fault:
        arrived.unlink()
        raise Failure(
            "{} as it arrived is not the wheel that was expected: {}. It was deleted; run this again, and if it stays "
            "so, distrust where pip fetches from".format(arrived.name, fault))
    wheel = DOWNLOADS / arrived.name
    arrived.replace(wheel)
    checked = "SHA-256 as listed" if wheel.name in known_wheels() else \
        "not in Scripts/checksums.txt: its files are checked against its own RECORD"
    say("have {} ({}; {})".format(wheel.name, megabytes(wheel.stat().st_size), checked))
    return wheel


def wheel_metadata(wheel, name):
    """A text file of the wheel's dist-info folder."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.namelist():
            if entry.endswith(".dist-info/" + name) and entry.count("/") == 1:
                return archive.read(entry).decode()
    raise Failure("{} has no {}: it is no wheel; delete it and run this again".format(wheel.name, name))


def unpack(wheel, target, place):
    """Unpacks the entries for which `place` gives a path below `target`, each checked against the wheel's RECORD."""
    record = {}
    for line in wheel_metadata(wheel, "RECORD").splitlines():
        name, digest, _ = line.rsplit(",", 2)
        record[name.strip('"')] = digest
    count = 0
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = None if entry.is_dir() else place(entry.filename)
            if path is None:
                continue
            if ".." in PurePosixPath(path).parts or PurePosixPath(path).is_absolute():
                raise Failure("{} holds the path {}: refused".format(wheel.name, entry.filename))
            destination = target / path
            destination.parent.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256()
            try:
                with archive.open(entry) as source, open(destination, "wb") as sink:
                    for chunk in iter(lambda: source.read(1 << 20), b""):
                        digest.update(chunk)
                        sink.write(chunk)
                found = "sha256=" + base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
            except (zipfile.BadZipFile, zlib.error) as error:
                found = str(error)
            if record.get(entry.filename) != found:
                wheel.unlink()
                raise Failure(
                    "{} in {} is damaged (expected {}, found {}): the wheel was deleted; run this again".format(
                        entry.filename, wheel.name, record.get(entry.filename, "an entry in RECORD"), found))
            # The wheel's own times: replacing a tree by the same one rebuilds nothing.
            stamp = time.mktime(entry.date_time + (0, 0, -1))
            os.utime(destination, (stamp, stamp))
            count += 1
    if not count:
        raise Failure("{} holds none of the files that were expected in it".format(wheel.name))


def discard(wheels):
    if os.environ.get("LLOCO_KEEP_DOWNLOADS") != "1":
        for wheel in wheels:
            wheel.unlink()
