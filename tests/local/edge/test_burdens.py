"""What a visitor must not be able to leave behind at the edge: other people's errors, and memory."""

import asyncio

from tests.local.edge.kit import FakeOrigin, running, template


def test_an_error_for_one_key_is_not_stored_and_not_said_to_be():
    async def scenario():
        missing = {"status": 404, "headers": {"Cache-Control": "no-store"}, "text": "for key A"}
        one = FakeOrigin(lambda _: missing)
        described = template()
        config = described["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
        config["CustomErrorResponses"] = [{"ErrorCode": 404, "ErrorCachingMinTTL": 0}]
        async with running(described, {"one": one}) as site:
            for target in ("/api/v1/links/nothing", "/nothing"):
                status, headers, _ = await site.ask(target, Authorization="Bearer A")
                assert (status, "stored" in headers["cache-status"]) == (404, False)
            assert site.edges[0].layer.storage.size == (0, 0)

    asyncio.run(scenario())


def test_answers_that_nobody_reads_do_not_pile_up():
    """Hits are answered at once, so a visitor who asks and never reads could fill the memory."""
    count, size, handled = 2_000, 60_000, []
    page = {"body": b"x" * size, "headers": {"Cache-Control": "s-maxage=60"}}

    async def scenario():
        one = FakeOrigin(lambda _: page)
        async with running(template(), {"one": one}, watch=lambda *it: handled.append(it)) as site:
            await site.ask()
            reader, writer = await asyncio.open_connection("127.0.0.1", site.ports[0], limit=2**16)
            writer.write(b"GET /abc HTTP/1.1\r\nHost: sho.rt\r\n\r\n" * count)
            await asyncio.sleep(1)
            assert len(handled) < count / 4  # the rest is with the kernels, or not read yet
            async with asyncio.timeout(20):
                for _ in range(count):  # none is lost
                    await reader.readuntil(b"\r\n\r\n")
                    await reader.readexactly(size)
            writer.close()

    asyncio.run(scenario())
