"""The steps of a deployment, by kind of part: whether one is so already, and making it so."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chalicelib.core.access import digest_key, draw_key
from infra.caches import TOLD, MethodCache, StageCache, declared_policies, method_caches
from tools.app_changes import AppState, changes_of
from tools.cache_plans import Change, is_caching, plan_changes, plan_stop, unsafe_reasons
from tools.caches import Refused, Wanted, make_so
from tools.client import CannotRun
from tools.deploy_parts import Part
from tools.live_apps import HALF_WAY, KEY, LiveApp, adopt_note, find_app, read_note
from tools.packages import Package, git_commit, policy_of, run_chalice
from tools.releases import Release, Releases, now_text
from tools.smoke_tests import Trial, smoke_test
from tools.stacks import Stacks, Update
from tools.stages import Group, Stage


Json = dict[str, Any]
_LISTS = ("subnet_ids", "security_group_ids")
_NOTHING = Update(is_new=False, changes=())


class Deployment:
    """One run: what its steps share, and each of them; `parts` are those of the whole group."""

    def __init__(
        self,
        group: Group,
        parts: Sequence[Part],
        package: Package,
        caches: Mapping[str, StageCache],
        trial: Trial,
    ) -> None:
        self.group, self.parts, self.package = group, parts, package
        self.first_key = ""
        self._stages = {stage.name: stage for stage in group.stages}
        self._caches, self._trial = caches, trial
        self._policies = declared_policies()
        self._looks = {
            "stack": lambda part: Stacks(part.region).look(part),
            "leftover": _look_at_leftover,
            "app": self._look_at_app,
            "cache": self._look_at_cache,
            "smoke": self._look_at_record,
        }
        self._acts = {
            "stack": lambda part: Stacks(part.region).apply(part),
            "leftover": lambda part: Stacks(part.region).delete(part.stack),
            "app": self._deploy_app,
            "cache": self._apply_cache,
            "smoke": self._try_out,
        }

    def look(self, part: Part) -> Update:
        """What making the part so would change; nothing when it is."""
        return self._looks[part.kind](part)

    def make(self, part: Part) -> None:
        """Make it so. CannotRun says what went wrong, Refused what must not be."""
        self._acts[part.kind](part)

    def url_of(self, stage: str) -> str:
        """Where a stage is reached; "" when it is not deployed."""
        region = next(it.region for it in self.parts if it.stage == stage)
        app = self._app(stage, region)
        return self._trial.urls.get(stage) or (app.url if app else "")

    def bucket_of(self, stage: str) -> str:
        """The bucket of a stage's region; "" when there is none yet."""
        handed: str = self._handed(stage).get("environment_variables", {}).get("EVERHOP_BUCKET", "")
        return handed or self._stages[stage].environment.get("EVERHOP_BUCKET", "")

    def _releases(self, part: Part) -> Releases | None:
        bucket = self.bucket_of(part.stage)
        return Releases(part.stage, part.region, bucket) if bucket else None

    def _record(self, part: Part) -> Release | None:
        releases = self._releases(part)
        return releases.newest() if releases else None

    def _app(self, stage: str, region: str) -> LiveApp | None:
        return find_app(self._stages[stage], region)

    def _handed(self, stage: str) -> Json:
        """What the stacks of a stage's region tell it, as keys of Chalice's configuration."""
        handed: Json = {}
        for part in self.parts:
            outputs = Stacks(part.region).outputs(part.stack) if _hands_to(part, stage) else {}
            for output, key in part.hands:
                if output in outputs:
                    put_handed(handed, key, outputs[output])
        return handed

    def _wanted(self, part: Part, key_hash: str) -> Json:
        handed = self._handed(part.stage)
        own = {"EVERHOP_RELEASE": self.package.release}
        if KEY not in self._stages[part.stage].environment:
            own[KEY] = key_hash
        variables = {**handed.get("environment_variables", {}), **own}
        return {**handed, "environment_variables": variables}

    def _look_at_app(self, part: Part) -> Update:
        record = self._record(part)
        adopt_note(part.stage, record)
        app = self._app(part.stage, part.region)
        if app is None:
            return Update(is_new=True, changes=(f"{len(self.package.routes)} routes, 2 functions",))
        wanted = self._wanted(part, self._known_hash() or "drawn")
        stage = self._stages[part.stage]
        environment = {**stage.environment, **wanted["environment_variables"]}
        package = self.package
        target = AppState(package.release, package.code, environment, package.routes, package.files)
        return Update(is_new=False, changes=tuple(changes_of(app.state(record), target)))

    def _deploy_app(self, part: Part) -> None:
        wanted = self._wanted(part, self._known_hash() or self._draw())
        before = self._app(part.stage, part.region)
        if before:
            before.name_release(f"{HALF_WAY}{self.package.release}")
            self._stop_caching(before, wanted)
        run_chalice(["deploy", "--stage", part.stage], part.region, wanted)
        app = self._app(part.stage, part.region)
        if app is None:
            raise CannotRun(f"`chalice deploy` is done, but {part.stage} is not there.")
        app.name_release(self.package.release)

    def _stop_caching(self, app: LiveApp, wanted: Json) -> None:
        """What is cached by other keys than the next release's must not be answered under it."""
        stage = self._stages[app.stage.name]
        environment = {**stage.environment, **wanted["environment_variables"]}
        shown = app.api.read()
        methods = self._cache(stage).methods
        if is_caching(shown) and unsafe_reasons(methods, app.api.keys(), environment):
            app.api.patch([it.operation for it in plan_stop(shown)])
            app.api.flush()

    def _known_hash(self) -> str:
        """The hash of the first key, where one of the group's stages has it; "" when none does.

        A record has it when a plain `chalice deploy` took it from the function.
        """
        chosen = [it.environment[KEY] for it in self.group.stages if it.environment.get(KEY)]
        if chosen:
            return chosen[0]
        for part in (it for it in self.parts if it.kind == "app"):
            record = self._record(part)
            adopt_note(part.stage, record)
            app = self._app(part.stage, part.region)
            for variables in (
                app.api.environment() if app else {},
                *(it["Environment"]["Variables"] for it in _functions(record)),
            ):
                if variables.get(KEY):
                    return str(variables[KEY])
        return digest_key(self.first_key) if self.first_key else ""

    def _draw(self) -> str:
        self.first_key = draw_key(secrets.randbelow)
        return digest_key(self.first_key)

    def _cache(self, stage: Stage) -> Wanted:
        """The cache that a stage is to have; none as long as its app is not told of one."""
        if stage.name not in self._caches:
            raise CannotRun(f"infra/regional/caches.toml has no [{stage.name}]: add it.")
        told = stage.environment.get(TOLD) == "on"
        cache = self._caches[stage.name] if told else StageCache()
        return Wanted(stage.name, cache, method_caches(self._policies, cache))

    def _look_at_cache(self, part: Part) -> Update:
        wanted = self._cache(self._stages[part.stage])
        app = self._app(part.stage, part.region)
        shown = app.api.read() if app else {}
        changes = plan_changes(shown, wanted.cache, wanted.methods)
        is_new = not shown.get("cacheClusterEnabled")
        return Update(is_new, tuple(_cache_lines(wanted, changes, is_new=is_new)))

    def _apply_cache(self, part: Part) -> None:
        if make_so(self._cache(self._stages[part.stage]), yes=True):
            raise Refused(f"The cache of {part.stage} is not as it should be: see above.")

    def _look_at_record(self, part: Part) -> Update:
        record = self._record(part)
        app = self._app(part.stage, part.region)
        wanted = self._cache(self._stages[part.stage])
        target = self.package.release, asdict(wanted.cache)
        if (
            app
            and record
            and (app.release(), record.cache) == target == (record.name, record.cache)
        ):
            return _NOTHING
        return Update(is_new=False, changes=("health, documentation, our 404 page",))

    def _try_out(self, part: Part) -> None:
        url = self.url_of(part.stage)
        wrong = smoke_test(url, self.package.release, self._trial.patience)
        if wrong:
            raise Refused("\n".join([f"The smoke test of {part.stage} failed:", *wrong]))
        releases = self._releases(part)
        app = self._app(part.stage, part.region)
        if releases and app:
            releases.keep(self._note(app), self.package.zipped)

    def _note(self, app: LiveApp) -> Release:
        wanted = self._cache(app.stage)
        return Release(
            name=self.package.release,
            at=now_text(),
            commit=git_commit(),
            code=self.package.code,
            deployment=app.deployment(),
            functions=app.configurations(),
            policy=policy_of(app.stage.config),
            cache=asdict(wanted.cache),
            methods=[_method_note(it) for it in wanted.methods],
            chalice=read_note(app.stage.name),
            files=self.package.files,
        )


def _look_at_leftover(part: Part) -> Update:
    if not Stacks(part.region).read(part.stack):
        return _NOTHING
    return Update(is_new=False, changes=(f"- {part.stack}, still there and paid for",))


def _cache_lines(wanted: Wanted, changes: Sequence[Change], *, is_new: bool) -> Iterator[str]:
    if changes and is_new:
        kept = [f"GET {it.path} {it.fresh_for} s" for it in wanted.methods]
        yield f"+ {wanted.cache.size} GB; {', '.join(kept)}"
        return
    said: dict[str, list[str]] = {}
    for change in changes:
        said.setdefault(change.subject, []).append(change.about)
    yield from (f"~ {subject}: {', '.join(abouts)}" for subject, abouts in said.items())


def _method_note(method: MethodCache) -> Json:
    keys = [f"{key.where}.{key.name}" for key in method.keys]
    return {"path": method.path, "keys": keys, "fresh_for": method.fresh_for}


def _functions(record: Release | None) -> list[Json]:
    return list(record.functions.values()) if record else []


def _hands_to(part: Part, stage: str) -> bool:
    return bool(part.hands) and part.stage == stage


def put_handed(handed: Json, key: str, value: str) -> None:
    """Add an output of a stack to a configuration of Chalice, by a key like `a` or `a.b`."""
    section, dot, name = key.partition(".")
    if dot:
        handed.setdefault(section, {})[name] = value
    else:
        handed[section] = value.split(",") if section in _LISTS else value
