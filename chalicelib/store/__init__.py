"""Where links are kept: DynamoDB through PynamoDB, or this process's memory."""
