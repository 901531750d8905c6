"""What a point of presence near a region is called: its city's airport and a number."""

from collections.abc import Mapping


PLACES: Mapping[str, str] = {
    "af-south-1": "CPT52-C1",
    "ap-east-1": "HKG62-C1",
    "ap-northeast-1": "NRT57-C1",
    "ap-northeast-2": "ICN57-C1",
    "ap-northeast-3": "KIX50-C1",
    "ap-south-1": "BOM78-C1",
    "ap-south-2": "HYD57-C1",
    "ap-southeast-1": "SIN52-C1",
    "ap-southeast-2": "SYD62-C1",
    "ap-southeast-3": "CGK51-C1",
    "ap-southeast-4": "MEL51-C1",
    "ap-southeast-5": "KUL51-C1",
    "ap-southeast-7": "BKK50-C1",
    "ca-central-1": "YUL62-C1",
    "ca-west-1": "YYC50-C1",
    "eu-central-1": "FRA60-C1",
    "eu-central-2": "ZRH55-C1",
    "eu-north-1": "ARN54-C1",
    "eu-south-1": "MXP63-C1",
    "eu-south-2": "MAD53-C1",
    "eu-west-1": "DUB2-C1",
    "eu-west-2": "LHR61-C1",
    "eu-west-3": "CDG50-C1",
    "il-central-1": "TLV55-C1",
    "me-central-1": "DXB52-C1",
    "me-south-1": "BAH53-C1",
    "mx-central-1": "QRO51-C1",
    "sa-east-1": "GRU3-C1",
    "us-east-1": "IAD89-C1",
    "us-east-2": "CMH68-C1",
    "us-west-1": "SFO53-C1",
    "us-west-2": "HIO52-C1",
}
