"""The bucket behind the local edge: the published names, and edits without a restart."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from infra.site_builds import SITE
from local.children import listen, url_of
from local.servers import start_server
from local.site_buckets import SiteBucket


Ask = Callable[..., Coroutine[Any, Any, tuple[int, Mapping[str, str], str]]]


@asynccontextmanager
async def serving(bucket: SiteBucket) -> AsyncIterator[Ask]:
    """What asks the bucket over a socket."""
    listener = listen()
    runner = await start_server(bucket.serve, listener)
    async with ClientSession(url_of(listener)) as session:

        async def ask(path: str, method: str = "GET", **headers: str) -> Any:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            async with session.request(method, path, headers=sent) as answer:
                return answer.status, answer.headers.copy(), await answer.text()

        yield ask
    await runner.cleanup()


def test_an_edit_is_published_and_what_was_there_stays(tmp_path: Path) -> None:
    """Until it can't be: then the page stays as it was, and the console says why."""
    folder, said = tmp_path / "site", list[str]()
    shutil.copytree(SITE, folder)

    async def go() -> None:
        async with serving(SiteBucket(folder, said.append)) as ask:
            status, headers, page = await ask("/index.html")
            assert (status, headers["Cache-Control"]) == (200, "no-cache")
            old = re.search(r"/assets/\w{16}-main\.js", page)
            assert old
            status, headers, _ = await ask(old[0])
            assert (status, headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
            assert "immutable" in headers["Cache-Control"]
            assert (await ask(old[0], If_None_Match=headers["ETag"]))[0] == 304
            main = folder / "assets" / "app" / "main.js"
            main.write_text(main.read_text() + "// edited\n")
            _, _, edited = await ask("/index.html")
            assert old[0] not in edited
            assert (await ask(old[0]))[0] == 200
            main.write_text('import "./nowhere.js";\n')
            assert (await ask("/index.html"))[2] == edited
            for path in ("/", "/assets/app/main.js", "/assets/", "/../app.py", "/app.py"):
                assert (await ask(path))[0] == 403
            assert (await ask("/index.html", "POST"))[0] == 405

    asyncio.run(go())
    (line,) = said
    assert line.startswith("The dashboard stays as it was: assets/app/main.js refers to assets/app")
