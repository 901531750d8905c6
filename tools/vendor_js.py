"""Vendors the dashboard's JavaScript: `python -m tools.vendor_js` fetches, `--check` verifies.

VENDOR.toml is the pin and the record: the tarball's integrity is checked before anything is
written, bare imports become relative ones (an import map would have to be inline, which the CSP
forbids), and the sha256 of each written file is put back into it.
"""

import argparse
import base64
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path


VENDOR = Path(__file__).parent.parent / "static_site" / "assets" / "vendor"
IMPORT = re.compile(r"""(\b(?:from|import)\s*)(["'])([^"'./][^"']*)\2""")
SOURCE_MAP = re.compile(r"//# sourceMappingURL=.*$", re.MULTILINE)
HEADER = """\
# The dashboard's third-party modules. Written by `python -m tools.vendor_js`.
# To update: change `version` and `integrity` (npm view NAME dist.integrity), run it again.
"""


class VendorError(Exception):
    """A vendored file, or a tarball, isn't what VENDOR.toml says."""


@dataclass(frozen=True)
class Module:
    """One ES module taken out of a package."""

    specifier: str
    member: str
    sha256: str
    file: str


@dataclass(frozen=True)
class Package:
    """One pinned npm package."""

    name: str
    version: str
    licence: str
    licence_file: str
    integrity: str
    modules: tuple[Module, ...]


def file_name(specifier: str, version: str) -> str:
    """The version is in the name, so that the file can be cached for ever."""
    return f"{specifier.lstrip('@').replace('/', '-')}-{version}.mjs"


def read_packages(folder: Path) -> tuple[Package, ...]:
    """The pins of VENDOR.toml."""
    tables = tomllib.loads((folder / "VENDOR.toml").read_text())["package"]
    return tuple(_package(table) for table in tables)


def _package(table: dict[str, object]) -> Package:
    texts = {key: str(value) for key, value in table.items() if key != "module"}
    rows = table["module"]
    if not isinstance(rows, list):
        raise VendorError(f"{texts['name']}: no [[package.module]]")
    modules = tuple(
        Module(
            row["specifier"],
            row["member"],
            row.get("sha256", ""),
            file_name(row["specifier"], texts["version"]),
        )
        for row in rows
    )
    return Package(
        texts["name"],
        texts["version"],
        texts["licence"],
        texts["licence_file"],
        texts["integrity"],
        modules,
    )


def integrity(data: bytes) -> str:
    """The subresource-integrity form npm uses."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def sha256(data: bytes) -> str:
    """The hex digest VENDOR.toml holds."""
    return hashlib.sha256(data).hexdigest()


def rewrite(source: str, files: dict[str, str]) -> str:
    """Bare imports become relative; the source map is left behind, so is its comment."""

    def relative(match: re.Match[str]) -> str:
        start, quote, specifier = match.groups()
        if specifier not in files:
            raise VendorError(f"nothing vendored answers to the import {specifier!r}")
        return f"{start}{quote}./{files[specifier]}{quote}"

    return IMPORT.sub(relative, SOURCE_MAP.sub("", source)).rstrip() + "\n"


def bare_imports(source: str) -> list[str]:
    """The specifiers a browser could not resolve."""
    return [match[3] for match in IMPORT.finditer(source)]


def fetch(package: Package, folder: Path) -> Path:
    """The package's tarball, verified."""
    wanted = f"{package.name}@{package.version}"
    command = ["npm", "pack", "--silent", wanted]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    tarball = folder / done.stdout.split()[-1]
    found = integrity(tarball.read_bytes())
    if found != package.integrity:
        raise VendorError(f"{wanted}: tarball has {found}, pinned is {package.integrity}")
    return tarball


def member(tarball: Path, name: str) -> bytes:
    """One file of an npm tarball."""
    with tarfile.open(tarball) as archive:
        handle = archive.extractfile(f"package/{name}")
        if handle is None:
            raise VendorError(f"{tarball.name} has no {name}")
        return handle.read()


def write(package: Package, tarball: Path, folder: Path, files: dict[str, str]) -> Package:
    """Writes a package's modules and licence; answers it with the hashes filled in."""
    (folder / package.licence_file).write_bytes(member(tarball, "LICENSE"))
    written = []
    for module in package.modules:
        note = f"/*! {module.specifier} {package.version}, {package.licence}: "
        note += f"{package.licence_file} */\n"
        text = note + rewrite(member(tarball, module.member).decode(), files)
        (folder / module.file).write_text(text)
        digest = sha256(text.encode())
        written.append(Module(module.specifier, module.member, digest, module.file))
    return Package(
        package.name,
        package.version,
        package.licence,
        package.licence_file,
        package.integrity,
        tuple(written),
    )


def render(packages: tuple[Package, ...]) -> str:
    """VENDOR.toml's text."""
    return HEADER + "".join(_render_package(package) for package in packages)


def _render_package(package: Package) -> str:
    keys = ("name", "version", "licence", "licence_file", "integrity")
    lines = ["", "[[package]]", *(f'{key} = "{getattr(package, key)}"' for key in keys)]
    for module in package.modules:
        lines += ["", "[[package.module]]"]
        lines += [f'{key} = "{getattr(module, key)}"' for key in ("specifier", "member", "sha256")]
    return "\n".join(lines) + "\n"


def vendor(folder: Path) -> None:
    """Fetches everything pinned and writes it; files of other versions go."""
    packages = read_packages(folder)
    files = {module.specifier: module.file for p in packages for module in p.modules}
    with tempfile.TemporaryDirectory() as temporary:
        tarballs = [fetch(package, Path(temporary)) for package in packages]
        pairs = zip(packages, tarballs, strict=True)
        written = tuple(write(package, tarball, folder, files) for package, tarball in pairs)
    for stale in set(folder.glob("*.mjs")) - {folder / name for name in files.values()}:
        stale.unlink()
    (folder / "VENDOR.toml").write_text(render(written))


def faults(folder: Path) -> list[str]:
    """What differs from VENDOR.toml, one sentence each; empty when all is well."""
    packages = read_packages(folder)
    found = [
        f"{package.licence_file} is missing"
        for package in packages
        if not (folder / package.licence_file).is_file()
    ]
    modules = {module.file: module for package in packages for module in package.modules}
    on_disk = {path.name: path.read_bytes() for path in folder.glob("*.mjs")}
    found += [f"{name} is missing" for name in sorted(modules.keys() - on_disk.keys())]
    found += [f"{name} is not in VENDOR.toml" for name in sorted(on_disk.keys() - modules.keys())]
    for name in sorted(modules.keys() & on_disk.keys()):
        if sha256(on_disk[name]) != modules[name].sha256:
            found.append(f"{name} was changed: its sha256 is {sha256(on_disk[name])}")
        found += [f"{name} imports {bare!r}" for bare in bare_imports(on_disk[name].decode())]
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command's exit code."""
    parser = argparse.ArgumentParser(prog="tools.vendor_js", description=__doc__)
    parser.add_argument("--check", action="store_true", help="verify the files, fetch nothing")
    if not parser.parse_args(arguments).check:
        vendor(VENDOR)
    found = faults(VENDOR)
    for fault in found:
        print(f"vendor_js: {fault}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
