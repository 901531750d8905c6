"""Has `chalice deploy` and `chalice package` take the packed zip in place of their own.

Chalice has no door for this, but imports app.py before it packs, and app.py then calls `install`.
With `automatic_layer` Chalice makes other zips; those stay as they are.
"""

from functools import wraps
from hashlib import sha256
from pathlib import Path

from chalice.deploy.packager import LambdaDeploymentPackager

from packing.zips import pack


def install() -> None:
    """Wrap Chalice's packager; a second time changes nothing."""
    make = LambdaDeploymentPackager.create_deployment_package
    if hasattr(make, "__wrapped__"):
        return

    @wraps(make)
    def make_packed(self: LambdaDeploymentPackager, project_dir: str, python_version: str) -> str:
        made = Path(make(self, project_dir, python_version))
        packed = packed_name(made)
        if not packed.exists():
            pack(made, packed)
        self._ui.write(f"Packed: {_megabytes(made)} MB became {_megabytes(packed)} MB.\n")
        return str(packed)

    LambdaDeploymentPackager.create_deployment_package = make_packed  # type: ignore[method-assign]


def packed_name(made: Path) -> Path:
    """Where the packed form is kept; Chalice's name has what it is made of, ours adds how."""
    code = sorted(Path(__file__).parent.glob("*.py"))
    how = sha256(b"".join(path.read_bytes() for path in code)).hexdigest()[:12]
    return made.with_name(f"{made.stem}-packed-{how}.zip")


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f}"
