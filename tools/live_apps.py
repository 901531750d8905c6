"""A stage's app as it stands on AWS, and what Chalice noted of it: read, put back, taken away."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from infra.clicks import DEAD_LOGS, LOG_REGIONS, LOGS
from infra.dax import FAR_TABLES, IPV6, stack_name
from tools.app_changes import AppState, Routes
from tools.client import CannotRun
from tools.packages import read_routes
from tools.releases import Release
from tools.stacks import Stacks
from tools.stage_apis import Place, StageApi, calling, find_place, is_found, make_client
from tools.stages import ROOT, Stage


Json = dict[str, Any]
_KEPT = ("MemorySize", "Timeout", "Environment", "VpcConfig")
_FOLDER = ROOT / ".chalice" / "deployed"
_RELEASE = "Everhop release "
HALF_WAY = "half-way to "
KEY = "EVERHOP_API_KEY_HASH"
DAX = "EVERHOP_DAX"
_SECRETS = "EVERHOP_ORIGIN_SECRETS"
_OF_THE_EDGE = (_SECRETS, "EVERHOP_PUBLIC_URL")
_OF_LOGS = (LOGS, DEAD_LOGS, LOG_REGIONS)


def read_note(stage: str) -> Json:
    """What Chalice noted here of what it made; {} when nothing."""
    file = _FOLDER / f"{stage}.json"
    note: Json = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return note if note.get("resources") else {}


def adopt_note(stage: str, release: Release | None) -> None:
    """Without a note of its own this machine would make a second API: it takes the release's.

    CannotRun when it has one, but of another API.
    """
    if release is None:
        return
    own, theirs = api_id_in(read_note(stage)), api_id_in(release.chalice)
    if own and theirs and own != theirs:
        raise CannotRun(
            f".chalice/deployed/{stage}.json is of the REST API {own}, but {theirs} was deployed "
            f"last: move that file away to go on with {theirs}."
        )
    if not own and theirs:
        _FOLDER.mkdir(parents=True, exist_ok=True)
        (_FOLDER / f"{stage}.json").write_text(json.dumps(release.chalice, indent=2), "utf-8")


def api_id_in(note: Json) -> str:
    """The id of the REST API that a note is of; "" when of none."""
    for resource in note.get("resources", []):
        if resource["name"] == "rest_api":
            return str(resource.get("rest_api_id", ""))
    return ""


def forget_note(stage: str) -> None:
    """Of a stage that is gone."""
    (_FOLDER / f"{stage}.json").unlink(missing_ok=True)


class LiveApp:
    """The functions, role and API of a stage that is deployed."""

    def __init__(self, stage: Stage, place: Place) -> None:
        self.stage, self.place = stage, place
        self.api = StageApi(place)
        self._lambda = make_client("lambda", place.region)
        self._gateway = make_client("apigateway", place.region)

    @property
    def url(self) -> str:
        """Where the API is."""
        parts = {it["name"]: it for it in read_note(self.stage.name)["resources"]}
        return str(parts["rest_api"]["rest_api_url"]).rstrip("/")

    @property
    def functions(self) -> list[str]:
        """What visitors and owners ask, what works on jobs, and what is there by settings."""
        name = self.place.function.rpartition(":")[2]
        is_warmed = int(self.stage.environment.get("EVERHOP_KEEP_WARM") or 0)
        told = [f"{name}-warm"] if is_warmed else []
        by_settings = [f"{name}-changes", f"{name}-clicks"]
        return [name, f"{name}-worker", *told, *filter(self._has_function, by_settings)]

    def _has_function(self, name: str) -> bool:
        return is_found(partial(self._lambda.get_function_configuration, FunctionName=name))

    def state(self, record: Release | None) -> AppState:
        """As it is deployed, its files named by the record when that is of the same code."""
        configured = [self.configuration(name) for name in self.functions]
        codes = {it["CodeSha256"] for it in configured}
        environments = [_variables(it) for it in configured]
        one = len(codes) == 1 and environments[0] == environments[1]
        code = codes.pop() if len(codes) == 1 else "two codes"
        files = record.files if record and record.code == code else None
        return AppState(
            self.release() if one else "half deployed", code, environments[0], self._routes(), files
        )

    def release(self) -> str:
        """Which release was deployed to its end."""
        said = str(self.api.read().get("description", ""))
        return said.removeprefix(_RELEASE) if said.startswith(_RELEASE) else ""

    def name_release(self, release: str) -> None:
        """Note at the stage itself that all of a release is there."""
        said = {"op": "replace", "path": "/description", "value": _RELEASE + release}
        self.api.patch([said])

    def configurations(self) -> dict[str, Json]:
        """What a rollback sets again, by function."""
        return {
            name: _told_aloud({key: it[key] for key in _KEPT if it.get(key)})
            for name, it in ((name, self.configuration(name)) for name in self.functions)
        }

    def deployment(self) -> str:
        """The id of what the API's stage shows."""
        return str(self.api.read()["deploymentId"])

    def put_back(self, release: Release, zipped: bytes) -> None:
        """Make functions, rights and routes those of a release.

        Not the admin key: one that was replaced meanwhile must not open anything again. Nor what
        the edge goes by, which stays as it is, nor whose log files are whose to count: two regions
        that differ about it would count some twice.
        """
        self.name_release(HALF_WAY + release.name)
        self._allow(release.policy)
        for name, configuration in release.functions.items():
            own = self._with_own(name, self._in_own_network(configuration))
            self._update(name, zipped, own)
        deployed = {"op": "replace", "path": "/deploymentId", "value": release.deployment}
        self.api.patch([deployed])
        self.name_release(release.name)

    def _allow(self, policy: Json) -> None:
        client = make_client("iam", self.place.region)
        said = json.dumps(policy)
        for role in {self.configuration(it)["Role"].rpartition("/")[2] for it in self.functions}:
            named = {"RoleName": role, "PolicyName": role}  # as Chalice names both
            calling(partial(client.put_role_policy, **named, PolicyDocument=said))

    def _with_own(self, name: str, configuration: Mapping[str, Any]) -> Json:
        now = _variables(self.configuration(name))
        then = _variables(configuration)
        own = {key: now[key] for key in (KEY, *_OF_THE_EDGE, *_OF_LOGS) if now.get(key)}
        variables = {**{key: it for key, it in then.items() if key not in _OF_LOGS}, **own}
        return {**configuration, "Environment": {"Variables": variables}}

    def _in_own_network(self, configuration: Mapping[str, Any]) -> Json:
        """Without DAX where its network was taken away since: the table answers."""
        wanted = configuration.get("VpcConfig", {}).get("SubnetIds", [])
        network = stack_name(self.stage.group, "network")
        there = Stacks(self.place.region).outputs(network).get("SubnetIds", "") if wanted else ""
        if set(wanted) <= set(there.split(",")):
            return dict(configuration)
        of_it = (DAX, FAR_TABLES)
        variables = {key: it for key, it in _variables(configuration).items() if key not in of_it}
        return {**configuration, "VpcConfig": {}, "Environment": {"Variables": variables}}

    def _update(self, name: str, zipped: bytes, configuration: Mapping[str, Any]) -> None:
        vpc = configuration.get("VpcConfig", {})
        # Said also when it is none: what is not said, Lambda leaves as it is.
        network = {key: vpc.get(key, []) for key in ("SubnetIds", "SecurityGroupIds")}
        network[IPV6] = vpc.get(IPV6, False)
        kept = {**configuration, "VpcConfig": network}
        named = {"FunctionName": name}
        waiter = self._lambda.get_waiter("function_updated_v2")
        calling(lambda: self._lambda.update_function_code(**named, ZipFile=zipped))
        calling(lambda: waiter.wait(**named))
        calling(lambda: self._lambda.update_function_configuration(**named, **kept))
        calling(lambda: waiter.wait(**named))

    def configuration(self, name: str) -> Json:
        """A function, without its code."""
        said: Json = calling(lambda: self._lambda.get_function_configuration(FunctionName=name))
        return said

    def _routes(self) -> Routes:
        return read_routes(self.api.export()["paths"])


def _variables(configuration: Mapping[str, Any]) -> dict[str, str]:
    variables: dict[str, str] = configuration.get("Environment", {}).get("Variables", {})
    return variables


def _told_aloud(configuration: Json) -> Json:
    """A function as a record may have it, which is no place for the edge's secret."""
    variables = {key: it for key, it in _variables(configuration).items() if key != _SECRETS}
    return {**configuration, "Environment": {"Variables": variables}}


def find_app(stage: Stage, region: str) -> LiveApp | None:
    """The stage's app; None when it is not deployed."""
    if not read_note(stage.name):
        _refuse_other_way(stage, region)
        return None
    place = find_place(stage.name)
    if place.region != region:
        raise CannotRun(
            f"{stage.name} was deployed to {place.region}, and this is {region}: set "
            f"AWS_DEFAULT_REGION={place.region}, or destroy it there first."
        )
    app = LiveApp(stage, place)
    try:
        for name in app.functions:
            app.configuration(name)
        app.api.read()
    except CannotRun as error:
        if "NotFoundException" not in str(error):
            raise
        return None  # deleted behind our back, in part or whole: Chalice makes what is missing
    return app


def _refuse_other_way(stage: Stage, region: str) -> None:
    name = f"everhop-{stage.name}"
    if Stacks(region).read(name):
        raise CannotRun(
            f"{stage.name} is deployed by CloudFormation, as the stack {name}: update that "
            f"(docs/caching.md), or delete it before you deploy this way."
        )
