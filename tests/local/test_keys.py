"""API keys on the running stack: they outlive a restart, and no file has their secrets."""

import threading
from pathlib import Path

from chalicelib.core.access import read_key
from tests.conftest import RunningStack, start_stack


def issue(stack: RunningStack, **fields: object) -> str:
    return str(stack.api("POST", "/keys", {"name": "n", **fields}).json["key"])


def ask_with(stack: RunningStack, key: str) -> int:
    """The status of one request; again while a busy machine's table is too late for an answer."""
    for _ in range(20):
        status = stack.ask("GET", "/api/v1/links", Authorization=f"Bearer {key}").status
        if status != 503:
            break
    return status


def test_keys_outlive_a_restart_and_their_secrets_are_nowhere(tmp_path: Path) -> None:
    """A key made before still opens; the files on disk have its id, but not its secret."""
    first = start_stack(tmp_path)
    keys = [issue(first, workspace="acme") for _ in range(3)]
    statuses = [ask_with(first, key) for key in keys]
    first.stop()
    second = start_stack(tmp_path)
    statuses += [ask_with(second, key) for key in keys]
    second.stop()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    printed = "".join(first.lines + second.lines)
    parts = [read_key(key) for key in keys]

    assert statuses == [200] * 6
    assert all(one and one.id.encode() in stored for one in parts)
    assert not any(one and one.secret.encode() in stored for one in parts)
    assert not any(one and one.secret in printed for one in parts)


def test_twenty_at_once(stack: RunningStack) -> None:
    """20 requests at once with a key that was never used before all get in."""
    key, statuses = issue(stack, workspace="twenty"), list[int]()
    threads = [
        threading.Thread(target=lambda: statuses.append(ask_with(stack, key))) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed = stack.api("GET", "/keys?workspace=twenty").json["keys"]

    assert statuses == [200] * 20
    assert [bool(one["last_used_on"]) for one in listed] == [True]
