"""What the policies grant: the actions on each thing, for the tests of policies and of calls."""

ON_TABLE = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
ON_COUNTS = {"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:Query"}
ON_INDEX = {"dynamodb:Query"}
ON_FILES = {"s3:GetObject", "s3:PutObject"}
ON_OTHERS_FILES = {"s3:GetObject"}  # a URL for what another region has made is signed here
ON_WORKER = {"lambda:InvokeFunction"}
ON_DAX = {"dax:BatchGetItem", "dax:ConditionCheckItem", "dax:GetItem", "dax:PutItem"}
ON_STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
ON_DEAD = {"sqs:SendMessage"}
# Of an API and a distribution AWS draws the name, so nobody can write it down before.
DRAWN = ({"execute-api:InvalidateCache"}, {"cloudfront:CreateInvalidation"})
# What Lambda itself does in the role's name for a function in a VPC; it accepts no narrower one.
ON_NETWORK = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
ON_LOG = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
