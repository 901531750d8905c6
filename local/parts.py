"""The parts of the stack, planned before anything runs: what, at which ports, told what."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.config import load
from local.children import Child, listen, url_of
from local.controls import TOKEN, Channel, draw_token
from local.data import log_file
from local.edges import ORIGINS, Around, draw_secret, plan_edges
from local.environments import API, BUCKET, DATABASE, EDGE, FILES, Shared, app_environment
from local.regions import Region, make_region, reserve_addresses
from local.settings import Settings
from local.site_buckets import BucketDoor, SiteBucket
from local.status import Status


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the stack's own process listens: for visitors (or the edge does), and for commands.

    And where it takes invalidations, as CloudFront does.
    """

    public: socket.socket
    control: socket.socket = field(default_factory=listen)
    cloudfront: socket.socket = field(default_factory=listen)


@dataclass
class Parts:
    """What runs: regions, buckets of the site and places of the edge by region, and S3."""

    token: str = field(default_factory=draw_token, repr=False)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    buckets: dict[str, BucketDoor] = field(default_factory=dict)
    edges: dict[str, Child] = field(default_factory=dict)
    files: Child = field(default_factory=lambda: Child("local.files", listen()))

    @property
    def others(self) -> dict[str, Child]:
        """The processes that are no region's, by what they are called."""
        edges = {f"{EDGE} near {region}": child for region, child in self.edges.items()}
        return {FILES: self.files, **edges}

    @property
    def children(self) -> dict[str, Child]:
        """All processes."""
        of_regions = {
            f"{part} in {region.name}": child
            for region in self.regions.values()
            for part, child in region.children.items()
        }
        return of_regions | self.others

    @property
    def first(self) -> Region:
        """The region that is next to the public door."""
        return next(iter(self.regions.values()))

    @property
    def keeps_warm(self) -> bool:
        """Whether the regions' apps have the scheduled function."""
        told = self.environments[self.first.name]
        return bool(int(told["EVERHOP_KEEP_WARM"]))

    @property
    def apis_up(self) -> list[str]:
        """Where the regions' APIs are that are not down or frozen."""
        return [region.urls[API] for region in self.regions.values() if region.state == "up"]

    @property
    def hosts(self) -> frozenset[str]:
        """The names that this machine is asked by, without ports."""
        own = load(self.environments[self.first.name]).destinations.own_hosts
        return frozenset(host.partition(":")[0] for host in {"127.0.0.1", "localhost"} | own)

    @property
    def status(self) -> Status:
        """What is up."""
        caches = self.environments[self.first.name]["EVERHOP_API_CACHE"] == "on"
        edges = {region: url_of(child.listener) for region, child in self.edges.items()}
        return Status(self.regions, edges, url_of(self.files.listener), caches)

    def channels(self, part: str) -> dict[str, Channel]:
        """Where this part takes commands, in the regions that have one."""
        found = {name: region.channel(part) for name, region in self.regions.items()}
        return {name: channel for name, channel in found.items() if channel}

    def channels_of_edges(self) -> dict[str, Channel]:
        """Where the places of the edge take theirs."""
        return {
            region: Channel(url_of(child.listener), self.token)
            for region, child in self.edges.items()
        }


def plan_parts(settings: Settings, environ: Mapping[str, str], key: str, doors: Doors) -> Parts:
    """The parts for these settings; ConfigError, DataError, SettingsFileError if one can't be."""
    parts = Parts()
    parts.files.arguments = [str(settings.data), settings.first, BUCKET]
    addresses = {region: reserve_addresses(region) for region in settings.regions}
    shared = Shared(
        key,
        draw_secret() if settings.edge else "",
        url_of(parts.files.listener),
        url_of(doors.cloudfront) if settings.edge else "",
        {region: one.urls[DATABASE] for region, one in addresses.items()},
    )
    for region, one in addresses.items():
        environment = app_environment(settings, environ, shared, region, one.urls)
        log = log_file(settings.data, region)
        parts.environments[region] = environment
        parts.regions[region] = make_region(one, settings, environment, parts.token, log)
    if settings.edge:
        _plan_edge(parts, settings, doors)
    return parts


def _plan_edge(parts: Parts, settings: Settings, doors: Doors) -> None:
    bucket = SiteBucket(say=lambda text: print(text, flush=True))
    parts.buckets = {region: BucketDoor(bucket) for region in settings.regions[:ORIGINS]}
    around = Around(
        apis={name: one.urls[API] for name, one in parts.regions.items()},
        sites={name: one.url for name, one in parts.buckets.items()},
        s3=url_of(parts.files.listener),
        hosts=parts.hosts,
        control=url_of(doors.control),
    )
    plans = plan_edges(settings.data, parts.environments, around, says=settings.access_log)
    # moto asks for credentials but does not check them.
    told = parts.environments[settings.first]
    environ = {name: it for name, it in told.items() if name.startswith("AWS_")}
    environ[TOKEN] = parts.token
    for region, plan in plans.items():
        listener = doors.public if region == settings.first else listen()
        parts.edges[region] = Child("local.edge", listener, [str(plan)], environ=environ)
