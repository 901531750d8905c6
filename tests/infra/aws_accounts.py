"""What a doctor asks of AWS and moto does not answer: Lambda's limits, and the drift of stacks."""

from typing import Any

from moto.awslambda import urls
from moto.awslambda.responses import LambdaResponse
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult
from moto.s3.models import FakeBucket, s3_backends


CONCURRENT = 1000
CODE = 80_530_636_800


def tell_limits() -> None:
    """An account answers a thousand requests at once, less what functions have reserved."""

    def get_account_settings(self: Any) -> Any:
        functions = self.backend.list_functions("ALL")
        reserved = sum(int(it.reserved_concurrency or 0) for it in functions)
        limit = {
            "TotalCodeSize": CODE,
            "ConcurrentExecutions": CONCURRENT,
            "UnreservedConcurrentExecutions": CONCURRENT - reserved,
        }
        return ActionResult({"AccountLimit": limit, "AccountUsage": {"TotalCodeSize": 1000}})

    LambdaResponse.get_account_settings = get_account_settings
    urls.url_paths["{0}/2016-08-19/account-settings/?$"] = LambdaResponse.dispatch


def find_drift() -> None:
    """A bucket that is gone, or has versions, is not as its stack made it."""

    def detect_stack_drift(self: Any) -> Any:
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        stack.looked_at = 0
        return ActionResult({"StackDriftDetectionId": stack.stack_id})

    def describe_stack_drift_detection_status(self: Any) -> Any:
        detection = self._get_param("StackDriftDetectionId")
        stack = self.cloudformation_backend.get_stack(detection)
        stack.looked_at += 1
        done = "COMPLETE" if stack.looked_at > 1 else "IN_PROGRESS"
        said = {"StackId": stack.stack_id, "StackDriftDetectionId": detection}
        said |= {"DetectionStatus": f"DETECTION_{done}", "Timestamp": "2027-01-01T00:00:00Z"}
        return ActionResult(said)

    def describe_stack_resource_drifts(self: Any) -> Any:
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        buckets = [it for it in stack.stack_resources if isinstance(it, FakeBucket)]
        return ActionResult({"StackResourceDrifts": [drift_of(stack, it) for it in buckets]})

    CloudFormationResponse.detect_stack_drift = detect_stack_drift
    for told in (describe_stack_drift_detection_status, describe_stack_resource_drifts):
        setattr(CloudFormationResponse, told.__name__, told)


def drift_of(stack: Any, resource: Any) -> dict[str, Any]:
    """One bucket, against what its stack made."""
    there = s3_backends[stack.account_id]["aws"].buckets.get(resource.name)
    path = {"PropertyPath": "/VersioningConfiguration/Status", "DifferenceType": "ADD"}
    path |= {"ExpectedValue": "null", "ActualValue": "Enabled"}
    differing = [path] if there and there.versioning_status else []
    status = "DELETED" if there is None else "MODIFIED" if differing else "IN_SYNC"
    return {
        "StackId": stack.stack_id,
        "LogicalResourceId": resource.logical_resource_id,
        "ResourceType": "AWS::S3::Bucket",
        "PropertyDifferences": differing,
        "StackResourceDriftStatus": status,
        "Timestamp": "2027-01-01T00:00:00Z",
    }
