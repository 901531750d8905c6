"""The folder that the stack keeps its data in: whose it is, its API key, and forgetting it all."""

import fcntl
import secrets
from pathlib import Path
from typing import IO

from chalicelib.core.access import draw_key


KEY_FILE = "api_key"
CONTROL_FILE = "control.json"
# Also the mark by which a folder is known to be ours.
LOCK_FILE = "everhop.lock"
_OURS = (
    *(KEY_FILE, CONTROL_FILE, LOCK_FILE, "requests-*.jsonl", "edge.*.json", "dax-*.attributes"),
    *("everhop-*.sqlite", "everhop-*.sqlite-wal", "everhop-*.sqlite-shm"),
    *("everhop-*-files/*.file", "everhop-*-files/*.new"),
)


def data_file(region: str) -> str:
    """The name of the file that keeps a region's tables."""
    return f"everhop-{region}.sqlite"


def log_file(data: Path, region: str) -> Path:
    """The file that a region's log goes to, emptied; DataError when it can't be written."""
    file = data / f"requests-{region}.jsonl"
    try:
        file.write_bytes(b"")
    except OSError as error:
        raise DataError(f"EVERHOP_DATA: {file} can't be written ({error.strerror}).") from None
    return file


def files_folder(region: str) -> str:
    """The name of the folder that keeps a region's files."""
    return f"everhop-{region}-files"


class DataError(RuntimeError):
    """The folder can't be used; the text is the sentence to print."""


def claim(data: Path) -> IO[str]:
    """Make the folder ours until the file that comes back is closed; DataError when it is not."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / LOCK_FILE).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sentence = (
            f"another Everhop is using {data}; stop it or set EVERHOP_DATA to another folder."
        )
        raise DataError(sentence) from None
    except OSError as error:
        raise DataError(f"EVERHOP_DATA {data} can't be written ({error.strerror}).") from None
    return lock


def api_key(data: Path) -> str:
    """The key that is kept with the data; drawn at the first start, for its owner's eyes only."""
    file = data / KEY_FILE
    try:
        return _read_key(file) or _draw_key(file)
    except OSError as error:
        raise DataError(f"EVERHOP_DATA: {file} can't be kept ({error.strerror}).") from None


def _read_key(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""


def _draw_key(file: Path) -> str:
    key = draw_key(secrets.randbelow)
    write_secret(file, key + "\n")
    return key


def write_secret(file: Path, text: str) -> None:
    """Write a file for its owner's eyes only; OSError when it can't be kept.

    Whole or not at all: a key cut short by a full disk would lock its owner out.
    """
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)


def clean(data: Path) -> str:
    """Remove what the stack put into the folder, and nothing else; a sentence that says so."""
    if not (data / LOCK_FILE).is_file():
        return f"There is nothing of Everhop to forget in {data}."
    with claim(data):
        for pattern in _OURS:
            for file in data.glob(pattern):
                file.unlink()
        for folder in data.glob("everhop-*-files"):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    if not any(data.iterdir()):
        data.rmdir()
    return f"All links in {data} are forgotten."
