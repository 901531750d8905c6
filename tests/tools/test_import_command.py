"""`python -m tools import`: the real command against a server that fails in every way."""

import csv
import json
import signal
import socket
import time

import pytest


def sheet(count: int, first: int = 0) -> str:
    rows = (f"https://a.example/{number},s{number}\n" for number in range(first, first + count))
    return "url,slug\n" + "".join(rows)


def read_report(tools, name):
    with (tools.folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_all_stored(tools, server):
    """Every row is stored once, in pieces, over kept connections; the counts say so, status 0."""
    done = tools.run("import", tools.write("links.csv", sheet(600)), "--url", server.url)

    assert (done.returncode, done.stdout) == (0, "Done: 600 created.\n")
    assert server.links == {f"s{n}": f"https://a.example/{n}" for n in range(600)}
    assert len(server.requests) == 3
    assert "links.csv: plain CSV, 600 rows." in done.stderr
    assert "destination from “url”, slug from “slug”" in done.stderr
    assert not (tools.folder / "links.csv.report.csv").exists()


def test_again_changes_nothing(tools, server):
    """A second run finds every row there already: status 0 again."""
    tools.write("links.csv", sheet(300))
    tools.run("import", "links.csv", "--url", server.url)

    done = tools.run("import", "links.csv", "--url", server.url)

    assert (done.returncode, done.stdout) == (0, "Done: 300 exists.\n")
    assert len(server.links) == 300


def test_dry_run_stores_nothing(tools, server):
    """A dry run says what would be, and every request it makes is a dry run."""
    done = tools.run("import", tools.write("a.csv", sheet(3)), "--url", server.url, "--dry-run")

    assert (done.returncode, done.stdout) == (0, "Dry run, nothing is stored: 3 ready.\n")
    assert server.links == {}
    assert {request["query"]["dry_run"][0] for request in server.requests} == {"true"}


MIXED = (
    "url,slug,title\n"
    "https://a.example/1,one,x\n"
    "\n"
    'https://a.example/2,two,"two\nlines"\n'
    "nonsense,three,x\n"
    "https://a.example/4,four\n"
    "https://a.example/5,taken,'=1+1\n"
)


def test_rows_that_need_attention(tools, server):
    """Refused rows have the number they have in the file, field and reason, there and in the report."""
    server.links["taken"] = "https://other.example/"

    done = tools.run("import", tools.write("m.csv", MIXED), "--url", server.url)

    assert done.returncode == 1
    assert "Done: 2 created, 1 taken, 2 invalid." in done.stdout
    assert "  row 5, invalid: destination: No address.\n" in done.stdout
    assert "  row 6, invalid: This row has 2 cells, but the header has 3." in done.stdout
    assert "  row 7, taken: slug: In use.\n" in done.stdout
    assert "Report: m.csv.report.csv" in done.stdout
    rows = read_report(tools, "m.csv.report.csv")
    assert [(row["row"], row["status"], row["field"]) for row in rows] == [
        ("2", "created", ""),
        ("4", "created", ""),
        ("5", "invalid", "destination"),
        ("6", "invalid", ""),
        ("7", "taken", "slug"),
    ]


def test_half_a_character_is_its_own_rows_problem(tools, server):
    """What JSON in a cell can say, and no UTF-8, is told of its row; the others are stored."""
    text = 'url,slug,utm\nhttps://a.example/1,a,"{""term"":""\\ud800""}"\nhttps://a.example/2,b,\n'

    done = tools.run("import", tools.write("a.csv", text), "--url", server.url)

    assert "Done: 1 created, 1 invalid." in done.stdout
    assert "row 2, invalid: There is a character" in done.stdout


def test_only_twenty_are_shown(tools, server):
    """The first 20 rows that need attention are shown, and where the others are."""
    text = "url,slug\n" + "".join(f"nonsense,s{number}\n" for number in range(30))

    done = tools.run("import", tools.write("a.csv", text), "--url", server.url)

    assert done.stdout.count("  row ") == 20
    assert "and 10 more, all in the report" in done.stdout


def test_json(tools, server):
    """--json prints one JSON object and nothing else on standard output."""
    done = tools.run("import", tools.write("m.csv", MIXED), "--url", server.url, "--json")

    result = json.loads(done.stdout)
    assert result["counts"] == {"created": 3, "invalid": 2}
    assert result["columns"] == {"destination": "url", "slug": "slug", "title": "title"}
    assert [row["row"] for row in result["attention"]] == [5, 6]
    assert result["attention"][0]["errors"] == [
        {"pointer": "/destination", "detail": "No address."}
    ]


def test_report_is_safe_in_a_spreadsheet(tools, server):
    """A cell of the report is never a formula."""
    text = "url,slug\n=HYPERLINK(1),-a\n"

    tools.run("import", tools.write("a.csv", text), "--url", server.url, "--report", "out.csv")

    row = read_report(tools, "out.csv")[0]
    assert (row["slug"], row["destination"]) == ("'-a", "'=HYPERLINK(1)")


@pytest.mark.parametrize("plan", ["503", "502", "504", "429", "lose", "hang up", "cut"])
def test_trouble_is_retried(tools, server, plan):
    """A lost or refused answer is asked for again: each row is stored exactly once, and said so."""
    server.plans = [plan, plan]

    done = tools.run(
        "import", tools.write("a.csv", sheet(20)), "--url", server.url, "--workers", "1"
    )

    stored = "exists" if plan in ("lose", "cut") else "created"
    assert (done.returncode, done.stdout) == (0, f"Done: 20 {stored}.\n")
    assert len(server.links) == 20
    headers = [request["headers"] for request in server.requests]
    assert [header["Everhop-Attempt"] for header in headers] == ["1", "2", "3"]
    assert not any("Idempotency-Key" in header for header in headers)


def test_next_row_is_followed(tools, server):
    """A server that stops early is asked for the rest, with the numbers of the file."""
    server.plans = ["7"] + ["2"] * 6

    done = tools.run("import", tools.write("a.csv", sheet(20)), "--url", server.url)

    assert done.stdout == "Done: 20 created.\n"
    rows = [request["query"]["first_row"][0] for request in server.requests]
    assert rows == ["2", "9", "11", "13", "15", "17", "19", "21"]


def test_failed_rows_are_tried_again(tools, server):
    """A row whose region did not answer is sent again by itself, then reported if it stays so."""
    server.plans = ["fail"]
    done = tools.run("import", tools.write("a.csv", sheet(5)), "--url", server.url)
    assert done.stdout == "Done: 5 created.\n"

    server.plans = ["fail"] * 9
    done = tools.run("import", tools.write("b.csv", sheet(5, 5)), "--url", server.url)
    assert done.returncode == 1
    assert "Done: 4 created, 1 failed." in done.stdout
    assert "row 2, failed: The region does not answer." in done.stdout


@pytest.mark.parametrize("plan", ["lose", "503", "cut"])
def test_rows_without_slugs_are_not_sent_twice(tools, server, plan):
    """Where no slug tells whether a row is stored, a lost answer is reported, not tried again."""
    server.plans = [plan]
    text = "url\n" + "".join(f"https://a.example/{number}\n" for number in range(60))

    done = tools.run("import", tools.write("a.csv", text), "--url", server.url, "--workers", "1")

    assert done.returncode == 1
    assert "10 created, 50 unknown" in done.stdout
    assert "look for this destination" in done.stdout
    assert len(server.links) == (10 if plan == "503" else 60)
    rows = read_report(tools, "a.csv.report.csv")
    assert [row["status"] for row in rows] == ["unknown"] * 50 + ["created"] * 10


def test_rows_without_slugs_take_a_new_connection(tools, server):
    """A kept connection that the server has closed puts no row without a slug in doubt."""
    server.plans = ["bye", "bye"]
    text = "url\n" + "".join(f"https://a.example/{number}\n" for number in range(120))

    done = tools.run("import", tools.write("a.csv", text), "--url", server.url, "--workers", "1")

    assert (done.returncode, len(server.links)) == (0, 120)


def test_drawn_slugs_are_told(tools, server):
    """Where slugs are drawn, the report says which, though nothing is wrong."""
    done = tools.run(
        "import", tools.write("a.csv", "url\nhttps://a.example\n"), "--url", server.url
    )

    assert done.returncode == 0
    assert read_report(tools, "a.csv.report.csv")[0]["short_url"] == f"{server.url}/drawn1"


def test_the_first_of_two_with_one_slug_wins(tools, server):
    """Rows with the same slug travel together, however far apart, so the first is the one stored."""
    text = sheet(600) + "https://late.example/,s0\n"

    done = tools.run("import", tools.write("a.csv", text), "--url", server.url, "--workers", "3")

    assert "row 602, taken: slug: In use." in done.stdout
    assert server.links["s0"] == "https://a.example/0"
    bodies = [request["body"] for request in server.requests]
    assert len(bodies) == 3
    assert sum(b"//late.example" in body and b"a.example/0," in body for body in bodies) == 1


def test_large_rows_are_split(tools, server):
    """No request is larger than what the API takes, and a row that is by itself is refused."""
    wide = "x" * 9000
    rows = "".join(f"https://a.example/{n},s{n},{wide}\n" for n in range(300))
    text = "url,slug,notes\n" + rows + f"https://a.example/,huge,{'x' * 1_000_000}\n"

    done = tools.run("import", tools.write("a.csv", text), "--url", server.url)

    assert "Done: 300 created, 1 invalid." in done.stdout
    assert max(len(request["body"]) for request in server.requests) < 2 * 1024 * 1024


def cannot_run(done, *parts):
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Nothing was imported.")
    for part in parts:
        assert part in last


def test_a_403_is_the_keys_fault_only_when_everhop_says_so(tools, server):
    """Gateways answer 403 for addresses that they do not know, as `chalice local` does for /api."""
    server.plans = ["forbidden", "403"]
    tools.write("a.csv", sheet(1))

    key = tools.run("import", "a.csv", "--url", server.url)
    gateway = tools.run("import", "a.csv", "--url", server.url)

    cannot_run(key, "This API key may not import links.")
    cannot_run(gateway, "The server answers with status 403; is its address right?")


def test_broken_file_stores_nothing(tools, server):
    """A file that can't be used as a whole is refused before anything is sent."""
    cannot_run(tools.run("import", "none.csv", "--url", server.url), "none.csv can't be read")
    for content, part in (
        (b"name,color\na,b\n", "No column says where the links lead"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"url\nhttps://a\x00", "not text"),
        (b"", "empty"),
        (b'{"links": [1]}', "no list of links"),
        (b'[{"url": ', "can't be read as JSON"),
    ):
        done = tools.run("import", tools.write("a.csv", content), "--url", server.url)
        cannot_run(done, part)
    assert server.requests == []


def test_no_key(tools, server):
    """Without a key there is one sentence that names where one is looked for."""
    tools.write("a.csv", sheet(1))

    cannot_run(
        tools.run("import", "a.csv", "--url", server.url, EVERHOP_API_KEY=""), "EVERHOP_API_KEY"
    )


def test_key_of_the_local_stack(tools, server):
    """The local stack's own key is found with its data, and is sent to this machine only."""
    tools.write("a.csv", sheet(1))
    (tools.folder / "data").mkdir()
    tools.write("data/api_key", "eh_key_of_the_tools\n")
    local = {"EVERHOP_API_KEY": "", "EVERHOP_DATA": "data"}

    assert tools.run("import", "a.csv", "--url", server.url, **local).returncode == 0
    away = tools.run("import", "a.csv", "--url", "http://everhop.example", **local)
    cannot_run(away, "There is no API key")


def test_wrong_key(tools, server):
    """A key that the server does not know ends the import in one sentence."""
    tools.write("a.csv", sheet(600))

    done = tools.run("import", "a.csv", "--url", server.url, EVERHOP_API_KEY="eh_other")

    cannot_run(done, "does not know this API key")
    assert len(server.requests) <= 2


def test_nothing_there(tools):
    """Where nothing listens the import ends at once, in one sentence."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    tools.write("a.csv", sheet(1))

    cannot_run(tools.run("import", "a.csv", "--url", url), "Nothing answers at", url)
    cannot_run(tools.run("import", "a.csv", "--url", "127.0.0.1"), "is no address")


def test_giving_up(tools, server):
    """A server that stays away half-way ends the import with what is stored and how to go on."""
    server.plans = ["ok"] + ["503"] * 99

    done = tools.run(
        *("import", tools.write("a.csv", sheet(1000)), "--url", server.url),
        *("--workers", "1", "--patience", "1"),
    )

    assert done.returncode == 2
    assert "Done: 250 created, 250 unknown, 500 not tried." in done.stdout
    assert "Gave up after" in done.stdout
    assert "250 of 1,000 rows are stored. To go on, run it again" in done.stdout
    server.plans = []
    again = tools.run("import", "a.csv", "--url", server.url)
    assert (again.returncode, again.stdout) == (0, "Done: 750 created, 250 exists.\n")


def test_ctrl_c(tools, server):
    """Ctrl-C waits for what is on its way, says what is stored, and running again finishes it."""
    server.plans = ["ok"] + ["slow"] * 99
    process = tools.start(
        *("import", tools.write("a.csv", sheet(1000)), "--url", server.url, "--workers", "1")
    )
    wait_for(lambda: len(server.requests) == 2)

    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "Done: 500 created, 500 not tried." in output
    assert "500 of 1,000 rows are stored. To go on, run it again" in output
    assert len(server.links) == 500
    server.plans = []
    again = tools.run("import", "a.csv", "--url", server.url)
    assert (again.returncode, again.stdout) == (0, "Done: 500 created, 500 exists.\n")


def wait_for(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "It did not happen in 20 seconds."
        time.sleep(0.01)


def test_progress_lines(tools, server):
    """Where lines can't be overwritten, one comes about every two seconds."""
    server.plans = ["slow"] * 4

    done = tools.run(
        "import", tools.write("a.csv", sheet(1000)), "--url", server.url, "--workers", "1"
    )

    lines = [line for line in done.stderr.splitlines() if "of 1,000 rows" in line]
    assert 1 <= len(lines) <= 2
    assert "rows/s" in lines[0]


def test_report_is_never_the_file(tools, server):
    """The file to import is not overwritten, and a report that can't be written is said first."""
    tools.write("a.csv", sheet(1))

    for report in ("a.csv", "./a.csv", "none/report.csv", "."):
        done = tools.run("import", "a.csv", "--url", server.url, "--report", report)
        cannot_run(done, "report")
    assert server.requests == []


def test_help(tools):
    """Every command has one line in the help, and its own help."""
    whole = tools.run("--help").stdout

    for command in ("import", "sample"):
        assert f"\n    {command} " in whole
        assert "usage:" in tools.run(command, "--help").stdout
