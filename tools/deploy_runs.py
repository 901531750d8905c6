"""The steps of a deployment, by kind of part: whether one is so already, and making it so."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chalicelib.core.access import digest_key, draw_key
from infra.caches import TOLD, MethodCache, StageCache, declared_policies, method_caches
from infra.dax import FAR_TABLES, far_tables
from tools.app_changes import AppState, changes_of
from tools.cache_plans import (
    describe_cache,
    describe_changes,
    is_caching,
    plan_changes,
    plan_stop,
    unsafe_reasons,
)
from tools.caches import Refused, Wanted, make_so
from tools.click_parts import COPIED, click_settings
from tools.client import CannotRun
from tools.edge_runs import PUBLIC_URL, SECRETS, Edge
from tools.edge_trials import try_edge
from tools.live_apps import HALF_WAY, KEY, LiveApp, adopt_note, find_app, read_note
from tools.packages import Package, git_commit, policy_of, run_chalice
from tools.parts import Part
from tools.releases import Release, Releases, now_text
from tools.replicas import adding
from tools.smoke_tests import Trial, smoke_test
from tools.stacks import Stacks, Update, current_parameters
from tools.stages import Group, Stage
from tools.stream_parts import purge_settings, stream_for


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
        self._has_edge = any(it.kind == "trial" for it in parts)
        self._edge = Edge(group, self._api_of, is_on=self._has_edge)
        self._changing: set[Part] = set()
        self._made: set[Part] = set()
        self._looks = {
            "stack": self._look_at_stack,
            "replica": lambda part: Stacks(part.region).look(_placed(part)),
            "secret": self._edge.look_at_secret,
            "told": self._look_behind,
            "trial": self._look_at_trial,
            "leftover": _look_at_leftover,
            "app": self._look_at_app,
            "cache": self._look_at_cache,
            "smoke": self._look_at_record,
        }
        self._acts = {
            "stack": self._apply_stack,
            "replica": lambda part: Stacks(part.region).apply(_placed(part)),
            "secret": self._edge.make_secret,
            "told": self._tell_app,
            "trial": self._try_edge,
            "leftover": lambda part: Stacks(part.region).delete(part.stack),
            "app": self._deploy_app,
            "cache": self._apply_cache,
            "smoke": self._try_out,
        }

    def look(self, part: Part) -> Update:
        """What making the part so would change; nothing when it is."""
        update = self._looks[part.kind](part)
        if update.changes:
            self._changing.add(part)
        else:
            self._changing.discard(part)
        return update

    def make(self, part: Part) -> None:
        """Make it so. CannotRun says what went wrong, Refused what must not be."""
        self._acts[part.kind](part)
        self._changing.discard(part)
        self._made.add(part)

    def url_of(self, stage: str) -> str:
        """Where a stage is reached; "" when it is not deployed."""
        return self._trial.urls.get(stage) or self._api_of(stage)

    @property
    def edge_url(self) -> str:
        """Where the edge is; "" when there is none."""
        url = self._edge.outputs.get("PublicUrl", "") if self._has_edge else ""
        return url and self._trial.urls.get("edge", url)

    def environments(self) -> dict[str, dict[str, str]]:
        """The variables of each stage's app that is deployed."""
        regions = {it.stage: it.region for it in self.parts if it.kind == "app"}
        apps = {name: self._app(name, region) for name, region in regions.items()}
        return {name: app.api.environment() for name, app in apps.items() if app}

    def _api_of(self, stage: str) -> str:
        region = next(it.region for it in self.parts if it.stage == stage)
        app = self._app(stage, region)
        return app.url if app else ""

    def bucket_of(self, stage: str) -> str:
        """The bucket of a stage's region; "" when there is none yet."""
        variables = self._handed_by_stacks(stage).get("environment_variables", {})
        return str(variables.get("EVERHOP_BUCKET", "")) or self._stages[stage].environment.get(
            "EVERHOP_BUCKET", ""
        )

    def _releases(self, part: Part) -> Releases | None:
        bucket = self.bucket_of(part.stage)
        return Releases(part.stage, part.region, bucket) if bucket else None

    def _record(self, part: Part) -> Release | None:
        releases = self._releases(part)
        return releases.newest() if releases else None

    def _app(self, stage: str, region: str) -> LiveApp | None:
        return find_app(self._stages[stage], region)

    def _handed_by_stacks(self, stage: str) -> Json:
        """What the stacks of a stage's region tell it, as keys of Chalice's configuration."""
        handed: Json = {}
        for part in self.parts:
            outputs = Stacks(part.region).outputs(part.stack) if _hands_to(part, stage) else {}
            for output, key in part.hands:
                if output in outputs:
                    put_handed(handed, key, outputs[output])
        return handed

    def _handed(self, stage: str) -> Json:
        """The same, and what the edge tells it once it stands."""
        handed = self._handed_by_stacks(stage)
        own = self._stages[stage]
        others = [it.region for it in self.group.stages if it.name != stage]
        if others and handed.get("subnet_ids") and FAR_TABLES not in own.environment:
            put_handed(handed, f"environment_variables.{FAR_TABLES}", far_tables(others))
        told = self._edge.handed(stage)
        if told and self._caches[stage].enabled and TOLD not in self._stages[stage].environment:
            told[TOLD] = "on"  # the query is a key only as the edge hands it on
        told |= self._purge_settings(stage) | click_settings(own, self.parts)
        for name, value in told.items():
            put_handed(handed, f"environment_variables.{name}", value)
        return handed

    def _purge_settings(self, stage: str) -> dict[str, str]:
        """Where a stage finds what changed, and the caches that are to forget it."""
        stream = stream_for(self.group, stage, self.parts)
        outputs = self._edge.outputs if self._has_edge else {}
        own, url = self._stages[stage], self._api_of(stage) if stream else ""
        return purge_settings(own, stream, url, outputs) if stream else {}

    def _look_at_stack(self, part: Part) -> Update:
        filled, late = self._edge.filled(part)
        stacks = Stacks(part.region)
        if late and stacks.read(part.stack):
            return Update(is_new=False, changes=late)
        update = stacks.look(filled)
        sources = {source.partition(":")[0] for _, source in part.takes}
        if update.changes or not sources & self._stacks_changing:
            return update
        return Update(is_new=False, changes=("what it takes of the parts before it",))

    @property
    def _stacks_changing(self) -> set[str]:
        return {it.stack for it in self._changing if it.kind == "stack"}

    def _apply_stack(self, part: Part) -> None:
        filled, late = self._edge.filled(part)
        if late:
            raise CannotRun(f"{part.stack} can't be made: {'; '.join(late)}.")
        self._edge.upload(part)
        Stacks(part.region).apply(filled)

    def _look_behind(self, part: Part) -> Update:
        """The app, its cache and its test once more, for what the edge has told since."""
        if not self._edge.outputs or f"everhop-{self.group.name}-edge" in self._stacks_changing:
            told = f"{PUBLIC_URL}, {SECRETS} and {TOLD}, once the edge stands"
            return Update(is_new=False, changes=(f"settings: {told}",))
        if any(it.name == COPIED for it in self._changing):
            return Update(is_new=False, changes=("settings: whose log files are whose to count",))
        if any(it.kind == "app" and it.stage == part.stage for it in self._changing):
            # It is told by then.
            return _NOTHING
        looks = (self._look_at_app, self._look_at_cache, self._look_at_record)
        changes = [line for look in looks for line in look(part).changes]
        return Update(is_new=False, changes=tuple(changes))

    def _tell_app(self, part: Part) -> None:
        steps = (
            (self._look_at_app, self._deploy_app),
            (self._look_at_cache, self._apply_cache),
            (self._look_at_record, self._try_out),
        )
        for look, act in steps:
            if look(part).changes:
                act(part)

    def _look_at_trial(self, part: Part) -> Update:
        asked = ("/, /api/v1/health and a link that is none, through CloudFront",)
        is_due = bool(self._changing - {part}) or not self._edge.is_tried(self.package.release)
        return Update(is_new=False, changes=asked if is_due else ())

    def _try_edge(self, _part: Part) -> None:
        wrong = try_edge(self.edge_url, self.package.release, self._trial.patience)
        if wrong:
            raise Refused("\n".join(["The edge does not answer as it should:", *wrong]))
        self._edge.note_tried(self.package.release)

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
            return Update(
                is_new=True, changes=(f"{len(self.package.routes)} routes, their functions",)
            )
        wanted = self._wanted(part, self._known_hash() or "drawn")
        stage = self._stages[part.stage]
        environment = {**stage.environment, **wanted["environment_variables"]}
        package = self.package
        target = AppState(package.release, package.code, environment, package.routes, package.files)
        changes = [*changes_of(app.state(record), target), *self._awaited(part.stage)]
        return Update(is_new=False, changes=tuple(changes))

    def _awaited(self, stage: str) -> Iterator[str]:
        """What an app is to be told by stacks that are made before it, and can't tell yet."""
        hand = [it for it in self.parts if it in self._changing and _hands_to(it, stage)]
        names = [it.name for it in hand if not Stacks(it.region).read(it.stack)]
        if names:
            yield f"settings: what {' and '.join(names)} will tell it"

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
        handed = self._handed(stage.name).get("environment_variables", {})
        told = {**stage.environment, **handed}.get(TOLD) == "on"
        cache = self._caches[stage.name] if told else StageCache()
        return Wanted(stage.name, cache, method_caches(self._policies, cache))

    def _look_at_cache(self, part: Part) -> Update:
        wanted = self._cache(self._stages[part.stage])
        app = self._app(part.stage, part.region)
        shown = app.api.read() if app else {}
        changes = plan_changes(shown, wanted.cache, wanted.methods)
        if changes and not shown.get("cacheClusterEnabled"):
            return Update(is_new=True, changes=(describe_cache(wanted.cache, wanted.methods),))
        return Update(is_new=False, changes=tuple(describe_changes(changes)))

    def _apply_cache(self, part: Part) -> None:
        if make_so(self._cache(self._stages[part.stage]), yes=True):
            raise Refused(f"The cache of {part.stage} is not as it should be: see above.")

    def _look_at_record(self, part: Part) -> Update:
        record = self._record(part)
        app = self._app(part.stage, part.region)
        wanted = self._cache(self._stages[part.stage])
        target = self.package.release, asdict(wanted.cache)
        is_other = any(
            it.kind == "app" and it.stage == part.stage for it in self._changing | self._made
        )
        if (
            app
            and record
            and not is_other
            and (app.release(), record.cache) == target == (record.name, record.cache)
        ):
            return _NOTHING
        return Update(is_new=False, changes=("health, documentation, our 404 page",))

    def _try_out(self, part: Part) -> None:
        url = self.url_of(part.stage)
        app = self._app(part.stage, part.region)
        secrets_of = app.api.environment().get(SECRETS, "") if app else ""
        wrong = smoke_test(url, self.package.release, self._trial.patience, secrets_of)
        if wrong:
            raise Refused("\n".join([f"The smoke test of {part.stage} failed:", *wrong]))
        releases = self._releases(part)
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


def _placed(part: Part) -> Part:
    return adding(part, current_parameters(Stacks(part.region).read(part.stack)))


def _look_at_leftover(part: Part) -> Update:
    if not Stacks(part.region).read(part.stack):
        return _NOTHING
    return Update(is_new=False, changes=(f"- {part.stack}, still there and paid for",))


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
