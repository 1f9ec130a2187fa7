"""A file of a model hub for Scripts/bootstrap: one address, gone on from where it stopped. Needs no token, sends none.

Also what Hugging Face's programs have in their cache, where the program itself would find it."""
import http.client
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

DEFAULT_ENDPOINT = "https://huggingface.co"
TIMEOUT = 15  # seconds without a byte


class NoAnswer(Exception):
    """Why the hub did not give the file, in one line."""


def is_offline():
    return any(os.environ.get(name, "").upper() in ("1", "ON", "YES", "TRUE")
               for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))


def fetch_file(repository, name, size, part, progress):
    """Brings the file `part` to `size` bytes, going on where it ends; progress(bytes so far).

    Raises NoAnswer where the hub does not answer, or sends something else than was announced.
    """
    if is_offline():
        raise NoAnswer("HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set")
    endpoint = (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")
    if not endpoint.startswith(("http://", "https://")):
        raise NoAnswer("HF_ENDPOINT is {}, expected an address such as {}".format(endpoint, DEFAULT_ENDPOINT))
    have = part.stat().st_size if part.exists() else 0
    if have > size:
        have = 0
    if have == size:
        return
    request = urllib.request.Request("{}/{}/resolve/main/{}".format(endpoint, repository, urllib.parse.quote(name)))
    if have:
        request.add_header("Range", "bytes={}-".format(have))
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            if answer.status == 206:
                expected = "bytes {}-{}/{}".format(have, size - 1, size)
                if answer.headers.get("Content-Range") != expected:
                    raise NoAnswer("{}: another range than {}".format(endpoint, expected))
            else:
                have = 0  # it sends all of it again
            if answer.headers.get("Content-Length") != str(size - have):
                raise NoAnswer("{}: {} bytes of {}, expected {}".format(
                    endpoint, answer.headers.get("Content-Length"), name, size - have))
            with open(part, "r+b" if part.exists() else "wb") as sink:
                sink.truncate(have)
                sink.seek(have)
                while have < size:
                    chunk = answer.read(min(1 << 20, size - have))
                    if not chunk:
                        raise NoAnswer("{}: {} ended after {} of {} bytes".format(endpoint, name, have, size))
                    sink.write(chunk)
                    have += len(chunk)
                    progress(have)
    except urllib.error.HTTPError as error:
        raise NoAnswer("{}: status {} for {}".format(endpoint, error.code, name)) from None
    except urllib.error.URLError as error:
        raise NoAnswer("{}: {}".format(endpoint, error.reason)) from None
    except (OSError, ValueError, http.client.HTTPException) as error:  # a disk that is full shows again where the pieces are joined
        raise NoAnswer("{}: {}".format(endpoint, error)) from None


def cache_folder():
    """The cache of Hugging Face's programs, or None."""
    if os.environ.get("HF_HUB_CACHE"):
        return Path(os.environ["HF_HUB_CACHE"])
    home = os.environ.get("HF_HOME")
    if not home:
        cache = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("HOME") and os.environ["HOME"] + "/.cache")
        home = cache and cache + "/huggingface"
    return Path(home) / "hub" if home else None


def cached_snapshot(repository):
    """The snapshot of a repository that its branch main is at, or its only one; None where it has none, or one that the
    program refuses."""
    cache = cache_folder()
    if not cache:
        return None
    folder = cache / ("models--" + repository.replace("/", "--"))
    try:
        if (folder / "refs/main").is_file():
            commit = (folder / "refs/main").read_text()[:200].strip()
            if not re.fullmatch(r"[0-9a-f]{40}", commit):
                return None
            snapshot = folder / "snapshots" / commit
        else:
            found = list((folder / "snapshots").iterdir())
            if len(found) != 1:
                return None
            snapshot = found[0]
        root = cache.resolve()
        # Links lead to files of the cache, or nothing of the snapshot counts.
        for path in [snapshot, *snapshot.rglob("*")]:
            if root not in path.resolve(strict=True).parents:
                return None
    except (OSError, ValueError):
        return None
    return snapshot
