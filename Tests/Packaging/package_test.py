#!/usr/bin/env python3
"""Tests of Packaging/: installing and removing, manual pages, archives, search paths. Needs no build and no network."""
import io
import lzma
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

sys.dont_write_bytecode = True
PACKAGING = Path(__file__).resolve().parents[2] / "Packaging"
sys.path.insert(0, str(PACKAGING))
import archives  # noqa: E402
import elf  # noqa: E402
import manual  # noqa: E402

loader = SourceFileLoader("package", str(PACKAGING / "package"))
package = module_from_spec(spec_from_loader("package", loader))
loader.exec_module(package)


class FolderTests(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="lloco-test-"))
        self.addCleanup(shutil.rmtree, str(self.folder))

    def stage(self, files):
        folder = self.folder / "stage"
        shutil.rmtree(str(folder), ignore_errors=True)
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (folder / "share/lloco").mkdir(parents=True, exist_ok=True)
        (folder / package.MANIFEST).write_text("".join(name + "\n" for name in list(files) + [package.MANIFEST]))
        return folder

    def tree(self, folder):
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class InstallTests(FolderTests):
    def setUp(self):
        super().setUp()
        self.base = self.folder / "usr"
        self.print, package.print = print, lambda *_: None
        self.addCleanup(delattr, package, "print")

    def install(self, files):
        package.install(self.stage(files), str(self.base), "")

    def test_uninstall_removes_what_install_wrote(self):
        (self.base / "share/man").mkdir(parents=True)
        (self.base / "share/other").write_text("")
        before = self.tree(self.base)
        self.install({"bin/lloco": "program", "lib/lloco/a.so": "", "share/man/man1/lloco.1.gz": ""})
        self.assertEqual((self.base / "bin/lloco").stat().st_mode & 0o777, 0o755)
        self.assertEqual((self.base / "lib/lloco/a.so").stat().st_mode & 0o777, 0o644)
        (self.base / "lib/lloco/foreign").write_text("")
        package.uninstall(str(self.base), "")
        self.assertEqual(self.tree(self.base), sorted(before + ["lib", "lib/lloco", "lib/lloco/foreign"]))

    def test_a_moved_installation_can_be_removed(self):
        self.install({"bin/lloco": "program"})
        moved = self.folder / "moved"
        self.base.rename(moved)
        package.uninstall(str(moved), "")
        self.assertFalse(moved.exists())

    def test_an_upgrade_removes_old_files_and_keeps_the_list_of_folders(self):
        self.install({"bin/lloco": "1", "lib/lloco/old/a.so": ""})
        self.install({"bin/lloco": "2", "lib/lloco/b.so": ""})
        self.assertEqual((self.base / "bin/lloco").read_text(), "2")
        self.assertFalse((self.base / "lib/lloco/old").exists())
        package.uninstall(str(self.base), "")
        self.assertFalse(self.base.exists())

    def test_a_link_is_replaced_and_not_followed(self):
        build = self.folder / "build"
        build.write_text("build")
        (self.base / "bin").mkdir(parents=True)
        (self.base / "bin/lloco").symlink_to(build)
        self.install({"bin/lloco": "program"})
        self.assertEqual((build.read_text(), (self.base / "bin/lloco").read_text()), ("build", "program"))

    def test_destdir_stands_before_the_prefix(self):
        package.install(self.stage({"bin/lloco": ""}), "/usr/local", str(self.folder / "root"))
        self.assertTrue((self.folder / "root/usr/local/bin/lloco").is_file())
        package.uninstall("/usr/local", str(self.folder / "root"))
        self.assertEqual(self.tree(self.folder / "root"), ["usr"])

    def test_an_interrupted_installation_can_be_removed(self):
        staged = self.stage({"bin/lloco": "", "lib/lloco/a.so": ""})
        (self.base / "lib/lloco/a.so").mkdir(parents=True)  # cannot be replaced by a file
        with self.assertRaises(OSError):
            package.install(staged, str(self.base), "")
        (self.base / "lib/lloco/a.so").rmdir()
        package.uninstall(str(self.base), "")
        self.assertEqual(self.tree(self.base), ["lib", "lib/lloco"])

    def test_what_is_wrong_is_refused(self):
        with self.assertRaisesRegex(package.Failure, "PREFIX is usr"):
            package.install(self.stage({"bin/lloco": ""}), "usr", "")
        with self.assertRaisesRegex(package.Failure, "not installed"):
            package.uninstall(str(self.base), "")
        for line in ("../outside", "/etc/passwd", "lib/../../outside"):
            (self.base / "share/lloco").mkdir(parents=True, exist_ok=True)
            (self.base / package.MANIFEST).write_text(line + "\n")
            with self.assertRaisesRegex(package.Failure, "not below"):
                package.uninstall(str(self.base), "")


class ManualTests(unittest.TestCase):
    SOURCE = """\
.Dt LLOCO.MODELS.LIST 1
.Os
.Sh NAME
.Nm "lloco models list"
.Nd "List models."
.Sh SYNOPSIS
.Nm
.Op Fl -json
.Sh DESCRIPTION
With --json-lines it prints JSON; a well-known form.

  lloco models list --json | grep 'a'

More text.
.Bl -tag -width 6n
.It Fl h , -help
Help.
.El
.Sh "EXIT STATUS"
.Ex -std"""

    def test_a_page_is_made_fit_for_man(self):
        self.assertEqual(manual.page(self.SOURCE, "lloco-models-list", "lloco", "1.2.3"), r"""
.Dt LLOCO-MODELS-LIST 1
.Os lloco 1.2.3
.Sh NAME
.Nm lloco-models-list
.Nd List models
.Sh SYNOPSIS
.Nm "lloco models list"
.Op Fl \-json
.Sh DESCRIPTION
With \-\-json\-lines it prints JSON; a well-known form.
.Bd -literal -offset indent
lloco models list \-\-json | grep \(aqa\(aq
.Ed
.Pp
More text.
.Bl -tag -width 6n
.It Fl h , \-help
Help.
.El
.Sh "EXIT STATUS"
.Ex -std "lloco models list"
.Sh "SEE ALSO"
.Xr lloco 1
"""[1:])

    def test_pages_refer_to_each_other_by_their_new_names(self):
        text = manual.page(".Sh \"SEE ALSO\"\n.Xr lloco.ask 1 ,\n.Xr lloco.models.list 1", "lloco", "lloco", "1")
        self.assertEqual(text.splitlines()[1:], [".Xr lloco-ask 1 ,", ".Xr lloco-models-list 1"])


class ArchiveTests(FolderTests):
    def test_a_debian_package_has_its_three_parts_and_is_the_same_every_time(self):
        staged = self.stage({"bin/lloco": "program", "share/doc/lloco/README.md": "text"})
        files = [(staged / name, "usr/" + name, name.startswith("bin/"))
                 for name in ("share/doc/lloco/README.md", "bin/lloco")]
        first, second = self.folder / "1.deb", self.folder / "2.deb"
        for path in (first, second):
            archives.write_debian_package(path, files, "Package: lloco\n", 1_700_000_000)
        data = first.read_bytes()
        self.assertEqual(data, second.read_bytes())
        members, place = {}, 8
        while place < len(data):
            name, size = data[place:place + 16].decode().strip(), int(data[place + 48:place + 58])
            members[name] = data[place + 60:place + 60 + size]
            place += 60 + size + size % 2
        self.assertEqual(list(members), ["debian-binary", "control.tar.gz", "data.tar.xz"])
        with tarfile.open(fileobj=io.BytesIO(lzma.decompress(members["data.tar.xz"]))) as tar:
            self.assertEqual(
                [(info.name, info.mode, info.uid) for info in tar],
                [("usr", 0o755, 0), ("usr/bin", 0o755, 0), ("usr/bin/lloco", 0o755, 0), ("usr/share", 0o755, 0),
                 ("usr/share/doc", 0o755, 0), ("usr/share/doc/lloco", 0o755, 0),
                 ("usr/share/doc/lloco/README.md", 0o644, 0)])

    def test_a_failed_archive_leaves_nothing(self):
        with self.assertRaises(OSError):
            archives.write_tarball(self.folder / "a.tar.gz", [(self.folder / "none", "none", False)], 0)
        self.assertEqual(self.tree(self.folder), [])


@unittest.skipUnless(sys.platform == "linux" and shutil.which("cc") and shutil.which("readelf"), "needs cc and readelf")
class SearchPathTests(FolderTests):
    def test_the_search_path_is_replaced(self):
        program = self.folder / "program"
        (self.folder / "a.c").write_text("int main(void) { return 0; }\n")
        subprocess.run(
            ["cc", str(self.folder / "a.c"), "-o", str(program), "-Wl,--enable-new-dtags,-rpath,/a/long/path/of/a/build"],
            check=True)
        with self.assertRaisesRegex(elf.ELFFault, "has 23 bytes"):
            elf.set_search_path(program, "$ORIGIN/" + "x" * 80)
        elf.set_search_path(program, "$ORIGIN/../lib")
        listed = subprocess.run(["readelf", "-d", str(program)], stdout=subprocess.PIPE, universal_newlines=True).stdout
        self.assertIn("[$ORIGIN/../lib]", listed)
        subprocess.run([str(program)], check=True)

    def test_what_the_system_has_is_not_brought(self):
        for path, is_of_system in (("/lib/x86_64-linux-gnu/libc.so.6", True), ("/usr/lib64/libz.so.1", True),
                                   ("/usr/lib/swift/linux/libswiftCore.so", False), ("/opt/x/lib/liba.so", False)):
            self.assertEqual(elf.is_of_system(Path(path)), is_of_system, path)


if __name__ == "__main__":
    unittest.main()
