"""A key that was drawn opens a deployment that was told its hash, and only that."""

import subprocess
import sys

from chalicelib.core.access import is_key
from tests.conftest import ROOT


def test_the_hash_is_the_keys() -> None:
    """What is printed fits together, and is new each time."""
    command = [sys.executable, "-m", "tools", "key"]
    printed = [
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    key, digest = next(word for word in printed[0] if word.startswith("eh_")), printed[0][-1]

    assert is_key(key, digest)
    assert key not in printed[1]
