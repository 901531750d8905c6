"""What a deploy does so that a region's stream is followed: its queue, and what the app is told."""

from collections.abc import Mapping, Sequence

from botocore.exceptions import ClientError

from tools.parts import Part
from tools.stacks import Stacks
from tools.stage_apis import calling, make_client
from tools.stages import Group, Stage


STREAM, API_URL, DISTRIBUTION = "EVERHOP_STREAM", "EVERHOP_API_URL", "EVERHOP_DISTRIBUTION"
# Three alarms, and three metrics of the function's own.
MONTHLY = 3 * 0.10 + 3 * 0.30


def streams_part(group: Group, stage: Stage, region: str) -> Part:
    """The stack of a region's dead letters, made before the function that writes them."""
    named = {"StageName": group.name, "FunctionName": f"everhop-{stage.name}-changes"}
    return Part(
        "stack",
        "streams",
        region,
        region,
        stage=stage.name,
        stack=f"everhop-{group.name}-streams",
        template="regional/streams.yaml",
        parameters=tuple(named.items()),
        monthly=MONTHLY,
    )


def purge_settings(
    stage: Stage, stream: str, api_url: str, outputs: Mapping[str, str]
) -> dict[str, str]:
    """What the function is told, as far as it is known and the stage does not say it itself.

    `outputs` are those of the distribution's stack.
    """
    known = {
        STREAM: stream,
        # There is an API cache only behind the edge, and before the app is there nobody knows it.
        API_URL: api_url if outputs else "",
        DISTRIBUTION: outputs.get("DistributionId", ""),
    }
    return {name: it for name, it in known.items() if it and name not in stage.environment}


def stream_for(group: Group, stage: str, parts: Sequence[Part]) -> str:
    """The stream that a stage is to follow; "" while there is no queue for its dead letters."""
    for part in parts:
        if (part.stage, part.name) == (stage, "streams") and Stacks(part.region).read(part.stack):
            return stream_of(group.table, part.region)
    return ""


def stream_of(table: str, region: str) -> str:
    """The ARN of the table's stream in a region, which no stack tells of a replica; "" for none."""
    client = make_client("dynamodb", region)

    def ask() -> str:
        try:
            return str(client.describe_table(TableName=table)["Table"].get("LatestStreamArn", ""))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return ""
            raise

    return str(calling(ask))
