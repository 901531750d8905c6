"""The DAX cluster of a running stack: one process with the nodes that the region's stage has."""

import socket
from dataclasses import dataclass

from infra.dax import StageDax, read_dax
from local.children import Child, hold_ports
from local.controls import TOKEN
from local.settings import Settings


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """What is to run, and at which ports."""

    dax: StageDax
    ports: tuple[int, ...]
    held: tuple[socket.socket, ...] = ()

    @property
    def endpoint(self) -> str:
        """Where clients discover the cluster."""
        return f"dax://127.0.0.1:{self.ports[0]}"

    def child(
        self, controls: socket.socket, settings: Settings, region: str, database: str, token: str
    ) -> Child:
        """The process; it takes commands at `controls` from those who have the token."""
        lists = settings.data / f"dax-{region}.attributes"
        said = {
            "region": region,
            "ports": " ".join(map(str, self.ports)),
            "items-fresh-for": self.dax.fresh_for,
            "queries-fresh-for": self.dax.fresh_for,
            "attribute-lists": lists,
        }
        words = [word for name, it in said.items() for word in (f"--{name}", *str(it).split())]
        told = {TOKEN: token}
        return Child("local.dax", controls, [database, *words], environ=told, held=self.held)


def plan_cluster(region: str) -> ClusterPlan | None:
    """The cluster of the region's production stage; None where that has none."""
    dax = read_dax().get(f"prod-{region}", StageDax())
    return ClusterPlan(dax, *hold_ports(dax.nodes)) if dax.enabled else None
