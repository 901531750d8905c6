"""What ships to AWS Lambda; each folder is a room with its own import rules."""
