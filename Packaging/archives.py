"""Writes the tarball and the Debian package. Both are reproducible: the same files give the same bytes."""
import gzip
import hashlib
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

# Used without dpkg-shlibdeps, which also finds the versions.
DEPENDS = "libc6, libgcc-s1, libsqlite3-0, libstdc++6, zlib1g"
DESCRIPTION = """Learns long documents offline and answers from few tokens
 A language model that reads a long document for every question pays for every
 token, every time. lloco reads a document once: it turns it into a few vectors,
 tunes an adapter for a group of documents, and answers questions from those,
 with the names of the passages that an answer rests on.
"""


def write_tarball(path, files, timestamp):
    with beside(path) as new:
        with open(new, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, timestamp) as packed:
            write_tar(packed, files, timestamp)


def write_tar(output, files, timestamp):
    """Writes files, (source or bytes, name, is_program), with their folders; the owner is root."""
    with tarfile.open(fileobj=output, mode="w|", format=tarfile.GNU_FORMAT) as tar:
        folders = set()
        for source, name, is_program in sorted(files, key=lambda file: file[1]):
            for folder in reversed(PurePosixPath(name).parents):
                if str(folder) not in folders and str(folder) != ".":
                    folders.add(str(folder))
                    tar.addfile(entry("{}/".format(folder), 0o755, timestamp, tarfile.DIRTYPE))
            info = entry(name, 0o755 if is_program else 0o644, timestamp)
            if isinstance(source, bytes):
                info.size = len(source)
                tar.addfile(info, io.BytesIO(source))
            else:
                info.size = source.stat().st_size
                with open(source, "rb") as file:
                    tar.addfile(info, file)


def entry(name, mode, timestamp, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.mode, info.mtime, info.type, info.uname, info.gname = mode, timestamp, kind, "root", "root"
    return info


class beside:
    """A temporary name, renamed to the path on success and removed after an error."""

    def __init__(self, path):
        self.path, self.new = Path(path), Path(str(path) + ".begun")

    def __enter__(self):
        return self.new

    def __exit__(self, kind, *_):
        if kind:
            self.new.unlink()
        else:
            self.new.replace(self.path)


# --- Debian

def write_debian_package(path, files, control_text, timestamp):
    """Writes a binary package (man 5 deb): an ar archive of three members."""
    sums = "".join("{}  {}\n".format(md5(source), name) for source, name, _ in sorted(files, key=lambda file: file[1]))
    described = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, described, timestamp) as packed:
        write_tar(packed, [(control_text.encode(), "control", False), (sums.encode(), "md5sums", False)], timestamp)
    with beside(path) as new, tempfile.TemporaryFile(dir=str(Path(path).parent)) as data:
        # Higher presets take minutes more and save 2 % of the whole.
        with lzma.open(data, "wb", preset=0) as packed:
            write_tar(packed, files, timestamp)
        size = data.tell()
        data.seek(0)
        with open(new, "wb") as archive:
            archive.write(b"!<arch>\n")
            member(archive, "debian-binary", io.BytesIO(b"2.0\n"), 4, timestamp)
            member(archive, "control.tar.gz", io.BytesIO(described.getvalue()), len(described.getvalue()), timestamp)
            member(archive, "data.tar.xz", data, size, timestamp)


def member(archive, name, content, size, timestamp):
    archive.write("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n".format(name, timestamp, 0, 0, "100644", size).encode())
    shutil.copyfileobj(content, archive, 1 << 20)
    if size % 2:
        archive.write(b"\n")


def md5(path):
    digest = hashlib.md5()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def control(version, architecture, objects, files):
    maintainer = os.environ.get("DEBFULLNAME", "the lloco authors")
    if os.environ.get("DEBEMAIL"):
        maintainer += " <{}>".format(os.environ["DEBEMAIL"])
    kilobytes = sum(-(-source.stat().st_size // 1024) for source, _, _ in files)
    return (
        "Package: lloco\nVersion: {}\nArchitecture: {}\nMaintainer: {}\nInstalled-Size: {}\nDepends: {}\n"
        "Recommends: poppler-utils\nSuggests: python3-pip\nSection: text\nPriority: optional\nDescription: {}".format(
            version, architecture, maintainer, kilobytes, dependencies(objects), DESCRIPTION))


def dependencies(objects):
    """The Debian packages of the system libraries that the programs and libraries load."""
    if not shutil.which("dpkg-shlibdeps"):
        return DEPENDS
    # A library in the package is no dependency, even if a Debian package has one of the same name (libgomp).
    known = subprocess.run(
        ["dpkg", "-S"] + ["*/" + path.name for path in objects if ".so" in path.name], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, universal_newlines=True)
    brought = {line.split(":")[0] for line in known.stdout.splitlines()}
    with tempfile.TemporaryDirectory() as folder:
        described = Path(folder, "debian/control")
        described.parent.mkdir()
        described.write_text("Source: lloco\nMaintainer: x\n\nPackage: lloco\nArchitecture: any\nDescription: x\n")
        run = subprocess.run(
            ["dpkg-shlibdeps", "-O", "--ignore-missing-info", "-l" + str(objects[-1].parent.resolve())]
            + ["-x" + package for package in sorted(brought)] + [str(path.resolve()) for path in objects],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
    depends = run.stdout.strip().partition("shlibs:Depends=")[2]
    return depends if run.returncode == 0 and depends else DEPENDS
