"""Files in memory under S3's rules, and a worker that is called like Lambda: fakes for jobs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.config import load
from chalicelib.core.errors import Unavailable
from chalicelib.link_wiring import make_link_service
from chalicelib.service.exports import ExportCraft
from chalicelib.service.import_jobs import STEP, ImportCraft
from chalicelib.service.imports import ImportService
from chalicelib.service.job_workers import Worker
from chalicelib.service.ports import SMALLEST_PART, Clock, FileGone, JobTools, LinkStore
from chalicelib.store.memory_jobs import JobMemory
from tests.api.driver import BASE


CONFIG = load(BASE)


@dataclass
class FileMemory:
    """A `FileStore` over a dict: parts have a least size, and what is completed is gone."""

    files: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    smallest: int = SMALLEST_PART
    largest: int = 0
    down: bool = False

    def begin(self, name: str, content_type: str) -> str:
        self._answer()
        upload = f"{name} {len(self.uploads)} {content_type}"
        self.uploads[upload] = {}
        return upload

    def put_part(self, name: str, upload: str, number: int, data: bytes) -> str:
        self._answer()
        assert upload.startswith(f"{name} ")
        assert data, "S3 takes no empty part"
        if upload not in self.uploads:
            raise FileGone
        self.uploads[upload][number] = data
        self.largest = max(self.largest, len(data))
        return f'"{hash(data)}"'

    def complete(self, name: str, upload: str, parts: Sequence[str]) -> None:
        self._answer()
        there = self.uploads.get(upload)
        if there is None or [f'"{hash(there.get(at))}"' for at in _count(parts)] != [*parts]:
            raise FileGone
        data = [there[at] for at in _count(parts)]
        assert all(len(part) >= self.smallest for part in data[:-1])
        self.files[name] = b"".join(data)
        del self.uploads[upload]

    def put(self, name: str, data: bytes) -> None:
        self._answer()
        self.files[name] = data

    def get(self, name: str) -> bytes:
        self._answer()
        if name not in self.files:
            raise FileGone
        return self.files[name]

    def url_of(self, name: str, works_for: int) -> str:
        return f"https://files.test/{name}?for={works_for}"

    def _answer(self) -> None:
        if self.down:
            raise Unavailable("The bucket of files did not answer.")


def _count(parts: Sequence[str]) -> range:
    return range(1, len(parts) + 1)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Platform:
    """Jobs over a store of links; `run` works off the calls, each with so many seconds."""

    links: LinkStore
    clock: Clock = now
    jobs: JobMemory = field(default_factory=JobMemory)
    files: FileMemory = field(default_factory=FileMemory)
    calls: list[tuple[str, str]] = field(default_factory=list)
    raised: list[Exception] = field(default_factory=list)
    step: int = STEP

    @property
    def imports(self) -> ImportService:
        return ImportService(make_link_service(CONFIG, self.links, self.clock))

    @property
    def tools(self) -> JobTools:
        return JobTools(self.jobs, self.files, lambda *call: self.calls.append(call))

    @property
    def worker(self) -> Worker:
        return Worker(
            lambda: self.tools,
            {
                "export": ExportCraft(self.links, self.files, self.files.smallest),
                "import": ImportCraft(self.imports, self.files, self.step, self.files.smallest),
            },
            self.clock,
        )

    def run(self, seconds: float = 900.0, most: int = 1000) -> int:
        """Work off the calls, and calls that these make; how many there were."""
        done = 0
        while self.calls and done < most:
            done += 1
            self.call(*self.calls.pop(0), seconds)
        return done

    def call(self, workspace: str, job_id: str, seconds: float = 900.0) -> None:
        """One call; what it raises is kept, as Lambda keeps it in a log."""
        try:
            self.worker.run(workspace, job_id, lambda: seconds)
        except Exception as error:
            self.raised.append(error)
