"""What CloudFormation does and moto's does not: global tables, and change sets that tell the truth.

Each shim says what moto does without it.
"""

from typing import Any, ClassVar

from moto.awslambda.models import LambdaVersion
from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.common_models import CloudFormationModel
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table


Json = dict[str, Any]


class GlobalTable(CloudFormationModel):
    """A table in each region of its replicas; moto ignores the type, and its outputs then fail."""

    @staticmethod
    def cloudformation_name_type() -> str:
        return "TableName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::DynamoDB::GlobalTable"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("Arn", "StreamArn")

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
        **_: Any,
    ) -> Table:
        replicas = [*filter(None, cloudformation_json["Properties"]["Replicas"])]
        forget_replicas(resource_name, account_id, {it["Region"] for it in replicas})
        for replica in replicas:
            tables = dynamodb_backends[account_id][replica["Region"]].tables
            if resource_name not in tables:
                properties = {**cloudformation_json["Properties"], **replica}
                Table.create_from_cloudformation_json(
                    resource_name, {"Properties": properties}, account_id, replica["Region"]
                )
        table: Table = dynamodb_backends[account_id][region_name].tables[resource_name]
        return table

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> Table:
        return cls.create_from_cloudformation_json(
            new_resource_name, cloudformation_json, account_id, region_name
        )


def forget_replicas(name: str, account: str, staying: set[str]) -> None:
    """A replica that is listed no more is deleted, unless it is protected."""
    for region in REPLICAS.pop(name, set()) - staying:
        table = dynamodb_backends[account][region].tables[name]
        if table.deletion_protection_enabled:
            raise ValueError(f"The replica in {region} is protected from deletion.")
        del dynamodb_backends[account][region].tables[name]
    REPLICAS[name] = staying


REPLICAS: dict[str, set[str]] = {}


def replicate_puts() -> None:
    """What is put into one replica is in the others; moto has nothing that replicates."""
    put = Table.put_item

    def put_item(self: Table, item_attrs: Json, *rest: Any, **named: Any) -> Any:
        item = put(self, item_attrs, *rest, **named)
        for region in REPLICAS.get(self.name, set()) - {self.region_name}:
            put(dynamodb_backends[self.account_id][region].tables[self.name], item_attrs)
        return item

    Table.put_item = put_item


class Opaque(CloudFormationModel):
    """What moto ignores and others take outputs of: a name and attributes, and nothing behind them."""

    attributes: ClassVar[dict[str, str]] = {}

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def physical_resource_id(self) -> str:
        return self.name

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in cls.attributes

    def get_cfn_attribute(self, attribute_name: str) -> str:
        return self.attributes[attribute_name]

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, *_: Any, **__: Any
    ) -> "Opaque":
        return cls(cls.attributes.get("Ref", resource_name))

    @classmethod
    def update_from_cloudformation_json(cls, original_resource: Any, *_: Any, **__: Any) -> Any:
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
        """There is nothing."""


_OPAQUE = {
    "AWS::CloudFront::Distribution": {"Ref": "E123456789ABCD", "DomainName": "d1.cloudfront.net"},
    "AWS::CloudFront::ResponseHeadersPolicy": {"Ref": "headers-policy"},
    "AWS::CloudFront::OriginAccessControl": {"Id": "E2"},
    "AWS::CloudFront::CachePolicy": {"Ref": "cache-policy"},
    "AWS::CloudFront::OriginRequestPolicy": {"Ref": "request-policy"},
    "AWS::WAFv2::WebACL": {"Arn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/e/1"},
    "AWS::Logs::DeliveryDestination": {
        "Arn": "arn:aws:logs:us-east-1:123456789012:delivery-destination:e"
    },
}


def know_the_edge() -> None:
    """Stacks of the edge have outputs."""
    for kind, attributes in _OPAQUE.items():
        said = {"cloudformation_type": staticmethod(lambda kind=kind: kind)}
        model = type(kind.replace("::", ""), (CloudFormationModel,), {**vars(Opaque), **said})
        model.attributes = attributes  # type: ignore[attr-defined]
        _KNOWN.append(model)


def name_versions() -> None:
    """A version of a function is referred to by its ARN; moto has its logical name."""
    create = LambdaVersion.create_from_cloudformation_json

    def create_version(
        cls: Any, resource_name: str, described: Json, account: str, region: str, **named: Any
    ) -> LambdaVersion:
        version: Any = create(resource_name, described, account, region, **named)
        function = described["Properties"]["FunctionName"]
        arn = f"arn:aws:lambda:{region}:{account}:function:{function}:{version.version}"
        version.physical_resource_id = arn
        return version  # type: ignore[no-any-return]

    LambdaVersion.create_from_cloudformation_json = classmethod(create_version)  # type: ignore[assignment,method-assign]


_KNOWN: list[type] = []  # kept, as moto asks which subclasses are alive


def execute_whole() -> None:
    """A stack has the parameters and outputs of its last change set; moto keeps those it began with."""
    execute = CloudFormationBackend.execute_change_set

    def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
        change_set = self.describe_change_set(change_set_name)
        execute(self, change_set_name, stack_name)
        stack = self.stacks[change_set.stack_id]
        stack.parameters = change_set.parameters
        stack._parse_template()
        stack.output_map = stack._create_output_map()
        self.exports.update({it.name: it for it in stack.exports})

    CloudFormationBackend.execute_change_set = execute_change_set


def accept_no_change() -> None:
    """A change set without changes is made, and fails by itself; moto refuses the request."""

    def validate(self: Any, *_args: Any) -> None:
        return None

    CloudFormationResponse._validate_different_update = validate


def install() -> None:
    """All of them; the model is known by being a subclass."""
    know_the_edge()
    name_versions()
    execute_whole()
    accept_no_change()
    replicate_puts()
