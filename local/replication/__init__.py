"""Replication of the local tables between regions, and the streams that drive their functions.

changes    one change of one item, and which of two versions wins
schemas    the region's file: its tables, and how one of a former version is brought to this one
logs       the durable, ordered log of changes, its readers and how far they are
origins    what a region tells the others of itself
directions what one region hears of another one: settings, position, lag
replicas   the region's end of it all, inside the process of its DynamoDB
records    changes as the records of DynamoDB Streams
streams    the pump that hands them to the region's `changes` function
commands   what the running stack can be told about it
"""
