"""Reads which shared libraries an ELF program loads, and changes its search path for them."""
import struct
import subprocess
from pathlib import Path

# The default folders of the dynamic loader.
SYSTEM_FOLDERS = {"/lib", "/lib64", "/usr/lib", "/usr/lib64"}


class ELFFault(Exception):
    pass


def libraries(program):
    """The libraries that a program loads, {name: path}; the path is None if the loader does not find one."""
    run = subprocess.run(
        ["ldd", str(program)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"})
    if run.returncode != 0:
        raise ELFFault("ldd {}: {}".format(program, run.stdout.strip() or "failed"))
    found = {}
    for line in run.stdout.splitlines():
        name, arrow, place = line.strip().partition(" => ")
        if arrow:
            path = place.split(" (")[0]
            found[name] = None if path == "not found" else Path(path)
    return found


def is_of_system(library):
    """Whether a library is in a default folder of the loader, or in its subfolder for an architecture."""
    folder = library.parent
    return str(folder) in SYSTEM_FOLDERS or (
        str(folder.parent) in SYSTEM_FOLDERS and folder.name.endswith("-linux-gnu"))


def set_search_path(program, path):
    """Replaces a program's RUNPATH in place, as CMake does at installation.

    The linker's RUNPATH contains folders of the build machine: it is long enough, and must not be shipped.
    """
    with open(program, "r+b") as file:
        data = file.read()
        offset, size = search_path(data)
        new = path.encode()
        if len(new) > size:
            raise ELFFault("{}: its RUNPATH has {} bytes, {!r} needs {}".format(program, size, path, len(new)))
        file.seek(offset)
        file.write(new.ljust(size, b"\0"))


def search_path(data):
    """Offset and length of the RUNPATH in a program's bytes."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise ELFFault("not a 64-bit little-endian ELF file")
    headers, = struct.unpack_from("<Q", data, 32)
    entry_size, count = struct.unpack_from("<HH", data, 54)
    loaded, dynamic = [], None
    for index in range(count):
        kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", data, headers + index * entry_size)
        if kind == 1:  # PT_LOAD
            loaded.append((address, offset, size))
        elif kind == 2:  # PT_DYNAMIC
            dynamic = (offset, size)
    if not dynamic:
        raise ELFFault("statically linked")
    values = dict(
        struct.unpack_from("<QQ", data, place) for place in range(dynamic[0], dynamic[0] + dynamic[1], 16))
    within = values.get(29, values.get(15))  # DT_RUNPATH, else DT_RPATH
    if within is None:
        raise ELFFault("has no RUNPATH")
    strings = values[5]  # DT_STRTAB
    base = next(offset + strings - address for address, offset, size in loaded
                if address <= strings < address + size)
    start = base + within
    return start, data.index(b"\0", start) - start
