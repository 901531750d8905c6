"""The CloudFront Function: in step with the Lambda@Edge functions, and with its template."""

import shutil
import subprocess
import textwrap

import pytest
import yaml

from tests.conftest import ROOT


SCRIPT = ROOT / "infra" / "edge" / "viewer_request.js"
MOST = 10_240  # bytes that CloudFront takes


def test_it_spells_as_the_lambda_function_does() -> None:
    """Every case of the table, and what a client may not say, in Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed (apt-get install nodejs)")
    test = ROOT / "tests" / "edge" / "viewer_request.test.mjs"
    done = subprocess.run([node, "--test", str(test)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_template_has_the_script() -> None:
    """Word for word, with no parameter that the template does not put in, and not too long."""
    text = SCRIPT.read_text()
    template = yaml.safe_load((ROOT / "infra" / "edge" / "viewer_function.yaml").read_text())
    code = template["Resources"]["ViewerFunction"]["Properties"]["FunctionCode"]["Fn::Sub"]
    put_in = textwrap.dedent(code)

    assert put_in.strip() == text.strip()
    assert text.count("${") == 2
    assert {"OriginSecret", "SlugCase"} < set(template["Parameters"])
    assert len(text.encode()) + 128 < MOST


def test_it_needs_no_more_than_its_runtime_has() -> None:
    """No for-of, class, spread, optional catch or chaining, nor modules of a file's own."""
    code = "\n".join(line for line in SCRIPT.read_text().splitlines() if not line.startswith("//"))

    for absent in (" of ", "class ", "...", "catch {", "?.", "??", "import ", "async "):
        assert absent not in code
