"""Has `chalice package` put the functions into DAX's network, by the names that the stacks export.

Subnets and security groups are the account's, so no tracked file has them. A template can name
what other stacks export instead. `chalice deploy` makes no template: it is handed the ids
themselves, see HANDED in infra/chalice_hooks.py, and without them it deploys without DAX.
"""

import sys
from typing import Any

from chalice.awsclient import TypedAWSClient
from chalice.config import Config
from chalice.deploy.deployer import Deployer
from chalice.deploy.models import LambdaFunction
from chalice.package import SAMTemplateGenerator

from infra.clicks import OUTSIDE_NETWORK
from infra.dax import (
    FAR_TABLES,
    IPV6,
    StageDax,
    far_tables,
    other_regions,
    read_dax,
    stack_name,
)


Json = dict[str, Any]
TOLD = "EVERHOP_DAX"  # the setting by which the app knows its cluster
NETWORK = frozenset({"subnet_ids", "security_group_ids"})
_function_of = SAMTemplateGenerator._generate_lambdafunction  # noqa: SLF001 - Chalice has no hook
_deploy = Deployer.deploy
_network_of = TypedAWSClient._create_vpc_config  # noqa: SLF001


def teach_network() -> None:
    """Have templates name the network, and a deploy that can't know it say so."""
    SAMTemplateGenerator._generate_lambdafunction = _write_function  # type: ignore[method-assign] # noqa: SLF001
    Deployer.deploy = _deploy_told  # type: ignore[method-assign]


def _write_function(self: SAMTemplateGenerator, resource: LambdaFunction, template: Json) -> None:
    before = set(template["Resources"])
    _function_of(self, resource, template)
    if not is_on(self._config.chalice_stage) or resource.subnet_ids:
        return
    if stands_outside(resource.resource_name):
        return
    deployment = self._config.environment_variables["EVERHOP_STAGE"]
    for name in set(template["Resources"]) - before:
        properties = template["Resources"][name]["Properties"]
        properties["VpcConfig"] = imported_network(deployment)
        variables = properties["Environment"]["Variables"]
        variables[TOLD] = imported(deployment, "dax", "Endpoint")
        if regions := other_regions(variables):
            properties["VpcConfig"][IPV6] = True
            variables[FAR_TABLES] = far_tables(regions)


def imported_network(deployment: str) -> Json:
    """Where the functions stand, for a template."""
    return {
        "SubnetIds": {"Fn::Split": [",", imported(deployment, "network", "SubnetIds")]},
        "SecurityGroupIds": [imported(deployment, "network", "FunctionGroupId")],
    }


def imported(deployment: str, part: str, output: str) -> Json:
    """What a stack of the deployment exports in the template's region."""
    return {"Fn::ImportValue": f"{stack_name(deployment, part)}-{output}"}


def _deploy_told(self: Deployer, config: Config, chalice_stage_name: str) -> Any:
    sys.stderr.write(what_is_missing(config))
    if config.subnet_ids and other_regions(config.environment_variables):
        TypedAWSClient._create_vpc_config = _network_with_ipv6  # type: ignore[method-assign] # noqa: SLF001
    return _deploy(self, config, chalice_stage_name)


def _network_with_ipv6(self: TypedAWSClient, *given: Any, **named: Any) -> Json:
    network = dict(_network_of(self, *given, **named))
    return {**network, IPV6: True} if network["SubnetIds"] else network


def stands_outside(function: str) -> bool:
    """Whether a function has no use for the network, though the others of its stage stand in it."""
    return function in OUTSIDE_NETWORK


def without_network(variables: Json) -> Json:
    """Settings of a function that stands outside: it asks the table, as it can't reach DAX."""
    return {name: it for name, it in variables.items() if name != TOLD}


def what_is_missing(config: Config) -> str:
    """What to tell who deploys a stage that has DAX but does not say where; else nothing."""
    told = config.environment_variables.get(TOLD)
    if not is_on(config.chalice_stage) or (told and config.subnet_ids):
        return ""
    return (
        f"The DAX of {config.chalice_stage} is not used: this command was not told where it is. "
        "`python -m tools deploy` tells it. The table answers meanwhile.\n"
    )


def is_on(stage: str) -> bool:
    """Whether infra/regional/dax.toml gives the stage a cluster."""
    return read_dax().get(stage, StageDax()).enabled
