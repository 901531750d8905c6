"""DAX on one machine: a server of its protocol in front of any DynamoDB endpoint.

By itself: `python -m local.dax http://127.0.0.1:8000`, then `dax://127.0.0.1:8111`.
In a test, from any thread:

    with run_cluster(Cluster(database_url)) as dax:      # local.dax.threads, local.dax.clusters
        client = AmazonDaxClient(endpoint_url=dax.endpoint, region_name="us-east-1")
        dax.counters.item_hits, dax.counters.calls["GetItem"]
        dax.behave(Fault.SILENT)                         # local.dax.faults; HEALTHY heals
        dax.clear()                                      # empties the caches

`Cluster(url, region, ports=(0, 0, 0), caching=Caching(items_fresh_for=5), ...)` is an asynchronous
context manager too. Nothing here checks a signature, and connections are not encrypted.
"""
