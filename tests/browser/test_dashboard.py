"""The dashboard as a person uses it: a real browser against a real stack."""

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.browser.conftest import delete, draw, enter, make, overflow, row, until
from tests.conftest import RunningStack


if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

    from tests.browser.conftest import Console

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def test_sign_in_by_fragment(page: "Page", stack: RunningStack) -> None:
    """The key in the fragment signs in, leaves the address bar, and outlives a reload."""
    enter(page, stack)

    assert page.url == f"{stack.url}/"
    page.reload()
    page.wait_for_selector(".topbar")
    page.click("text=Sign out")
    page.wait_for_selector("#key")
    assert page.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]


def test_sign_in_by_form(page: "Page", stack: RunningStack, console: "Console") -> None:
    """A wrong key is named as wrong; the right one, kept, signs in a second tab too."""
    console.expect("status of 401")
    page.goto(stack.url)
    page.fill("#key", "eh_wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=That key was not accepted")
    page.fill("#key", stack.api_key)
    page.check("[name=keep]")
    page.click("button[type=submit]")
    page.wait_for_selector(".topbar")
    other = page.context.new_page()
    other.goto(stack.url)

    other.wait_for_selector(".topbar")


def test_create_then_copy(page: "Page", context: "BrowserContext", stack: RunningStack) -> None:
    """Enter creates; Copy has the focus; what it copies redirects; the link tops the list."""
    slug = draw()
    enter(page, stack)
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("example.com/long?a=1")
    page.fill("#slug", slug)
    assert page.input_value("#destination") == "https://example.com/long?a=1"
    page.keyboard.press("Enter")
    page.wait_for_selector(".result")
    until(page, lambda: "Copy link" in page.evaluate("document.activeElement.innerText"))
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    answer = context.request.get(copied, max_redirects=0)

    assert copied == f"{stack.url}/{slug}"
    assert (answer.status, answer.headers["location"]) == (302, "https://example.com/long?a=1")
    assert page.get_attribute(".row >> nth=0", "data-slug") == slug
    assert page.input_value("#destination") == ""


def test_create_names_the_field(page: "Page", stack: RunningStack, console: "Console") -> None:
    """A slug in use is said at the slug, and nothing that was typed is lost."""
    console.expect("status of 409")
    slug = make(stack)
    enter(page, stack)
    page.fill("#destination", "https://example.com/other")
    page.fill("#slug", slug)
    page.keyboard.press("Enter")

    page.wait_for_selector("[data-field=slug] .field-error >> text=in use")
    assert page.input_value("#destination") == "https://example.com/other"


def test_create_without_an_answer(page: "Page", stack: RunningStack, console: "Console") -> None:
    """When no answer comes to a write the form says so, keeps the input, and can be sent again."""
    console.expect("ERR_FAILED")
    enter(page, stack)
    sent = creates(page)
    page.route("**/api/v1/links", lambda route: route.abort())
    page.fill("#destination", "https://example.com/kept")
    page.keyboard.press("Enter")
    page.wait_for_selector(".form-error >> text=can't tell whether this was saved")
    assert page.input_value("#destination") == "https://example.com/kept"
    page.unroute("**/api/v1/links")
    page.press("#destination", "Enter")

    page.wait_for_selector(".result")
    assert [one.get("everhop-attempt") for one in sent] == [None, "2", "3", None]
    assert len({one["idempotency-key"] for one in sent}) == 1


def creates(page: "Page") -> list[dict[str, str]]:
    """The headers of the creates that the page sends from now on."""
    sent: list[dict[str, str]] = []
    page.on("request", lambda one: sent.append(one.headers) if one.method == "POST" else None)
    return sent


def test_create_whose_answer_is_lost(page: "Page", stack: RunningStack, console: "Console") -> None:
    """A link that was made, though its answer got lost, is found by the retry: there is one."""
    console.expect("ERR_FAILED")
    enter(page, stack)
    sent = creates(page)
    title = f"Once {draw()}"
    losing = ["first"]

    def lose(route: "Route") -> None:
        if route.request.method == "POST" and losing:
            losing.clear()
            assert route.fetch().status == 201
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/links", lose)
    page.fill("#destination", "https://example.com/once")
    page.click("text=More options")
    page.fill("[name=title]", title)
    page.press("#destination", "Enter")
    page.wait_for_selector(".result")
    found = stack.api("GET", f"/links?q={quote(title)}").json["links"]

    assert len(found) == 1
    assert page.inner_text(".result").count(found[0]["slug"])
    assert [one.get("everhop-attempt") for one in sent] == [None, "2"]


def test_search(page: "Page", stack: RunningStack) -> None:
    """The / key goes to the search box; what is typed finds one link, and Escape brings all back."""
    wanted, other = make(stack, title=f"Needle {draw()}"), make(stack)
    enter(page, stack)
    page.keyboard.press("/")
    page.keyboard.type(wanted)
    page.wait_for_selector(row(other), state="detached")
    assert page.locator(".row").count() == 1
    page.keyboard.press("Escape")

    page.wait_for_selector(row(other))
    page.fill("#search", "nothing-is-called-this")
    page.wait_for_selector("text=Nothing found")


def test_tag_filters(page: "Page", stack: RunningStack) -> None:
    """A click on a tag shows the links that have it, until the filter is removed."""
    tag = draw()
    tagged, other = make(stack, tags=[tag]), make(stack)
    enter(page, stack)
    page.click(f"{row(tagged)} .tag")
    page.wait_for_selector(row(other), state="detached")
    page.click(f"button[aria-label='Remove the filter {tag}']")

    page.wait_for_selector(row(other))


def test_edit_sends_only_changes(page: "Page", stack: RunningStack) -> None:
    """The PATCH has the changed field with null for a cleared one, and the version read."""
    slug = make(stack, title="Old title", notes="Kept")
    enter(page, stack)
    page.click(f"button[aria-label='Edit {slug}']")
    page.wait_for_selector("dialog fieldset:enabled")
    page.fill("dialog [name=title]", "")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        page.click("text=Save changes")
    page.wait_for_selector("dialog", state="detached")
    link = stack.api("GET", f"/links/{slug}").json

    assert sent.value.post_data_json == {"title": None}
    assert sent.value.headers["if-match"] == '"v1"'
    assert (link["title"], link["notes"]) == (None, "Kept")


def test_edit_of_a_changed_link(page: "Page", stack: RunningStack, console: "Console") -> None:
    """Someone else's edit is noticed, and both edits can be kept."""
    console.expect("status of 412")
    slug = make(stack, title="Old")
    enter(page, stack)
    page.click(f"button[aria-label='Edit {slug}']")
    page.wait_for_selector("dialog fieldset:enabled")
    stack.api("PATCH", f"/links/{slug}", {"notes": "Theirs"})
    page.fill("dialog [name=title]", "Mine")
    page.click("text=Save changes")
    page.click("text=Reload and keep my edits")
    until(page, lambda: page.input_value("dialog [name=notes]") == "Theirs")
    page.click("text=Save changes")
    page.wait_for_selector("dialog", state="detached")
    link = stack.api("GET", f"/links/{slug}").json

    assert (link["title"], link["notes"]) == ("Mine", "Theirs")


def test_disable_and_undo(page: "Page", stack: RunningStack) -> None:
    """Disabling shows at once, and its undo enables the link again."""
    slug = make(stack)
    enter(page, stack)
    page.click(f"{row(slug)} button[aria-haspopup=menu]")
    page.click("[role=menuitem] >> text=Disable")
    page.wait_for_selector(f"{row(slug)} .badge.disabled")
    until(page, lambda: stack.api("GET", f"/links/{slug}").json["disabled"])
    page.click(".toast >> text=Undo")
    page.wait_for_selector(f"{row(slug)} .badge.active")

    until(page, lambda: not stack.api("GET", f"/links/{slug}").json["disabled"])


def test_delete_and_undo(page: "Page", stack: RunningStack) -> None:
    """A delete that is undone was never sent: the row is back and the link still redirects."""
    slug = make(stack)
    enter(page, stack)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    delete(page, slug)
    page.wait_for_selector(row(slug), state="detached")
    page.wait_for_selector(f".toast >> text={slug} will be deleted")
    page.click(".toast >> text=Undo")
    page.wait_for_selector(row(slug))
    page.reload()
    page.wait_for_selector(row(slug))

    assert "DELETE" not in sent
    assert stack.ask("GET", f"/{slug}").status == 302


def test_delete_for_good(page: "Page", stack: RunningStack) -> None:
    """Without undo the delete is sent when the countdown ends, and the short link is gone."""
    slug = make(stack)
    enter(page, stack)
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        delete(page, slug)
        page.mouse.move(1, 1)

    assert stack.ask("GET", f"/{slug}").status == 410


def test_delete_when_leaving(page: "Page", stack: RunningStack) -> None:
    """A delete that is still held back is sent when the page is left."""
    slug = make(stack)
    enter(page, stack)
    delete(page, slug)
    page.wait_for_selector(row(slug), state="detached")
    page.goto("about:blank")

    until(page, lambda: stack.ask("GET", f"/{slug}").status == 410)


def test_dark_mode(page: "Page", stack: RunningStack) -> None:
    """The theme follows the system until one is chosen, and the choice survives a reload."""
    background = "getComputedStyle(document.body.parentElement).backgroundColor"
    page.emulate_media(color_scheme="light")
    enter(page, stack)
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(background)
    page.click(".theme label[title=Light]")
    assert page.evaluate(background) == light != dark
    page.reload()
    page.wait_for_selector(".topbar")

    assert page.evaluate(background) == light


@pytest.mark.parametrize("width", [360, 390, 768])
def test_narrow_screens(page: "Page", stack: RunningStack, width: int) -> None:
    """Nothing scrolls sideways, with the longest texts, the options, a dialog and a toast open."""
    slug = make(
        stack,
        slug=f"{draw()}-{'w' * 45}",
        title="Wide " * 30,
        tags=["x" * 32, "a tag"],
        destination=f"https://example.com/{'path' * 200}",
    )
    page.set_viewport_size({"width": width, "height": 740})
    enter(page, stack)
    page.click("text=More options")
    assert overflow(page) == 0
    page.click(f"button[aria-label='Edit {slug}']")
    page.wait_for_selector("dialog fieldset:enabled")
    assert overflow(page) == 0
    page.click("dialog >> text=Cancel")
    delete(page, slug)
    page.wait_for_selector(".toast")

    assert overflow(page) == 0


def test_touch_targets(page: "Page", stack: RunningStack) -> None:
    """On a phone every button of the list is at least 40 pixels high and wide."""
    make(stack)
    page.set_viewport_size({"width": 360, "height": 740})
    enter(page, stack)
    boxes = [one.bounding_box() for one in page.locator("button:visible:not(.tag)").all()]
    small = [box for box in boxes if box and min(box["width"], box["height"]) < 40]

    assert boxes
    assert small == []


def test_markup_is_text(page: "Page", stack: RunningStack) -> None:
    """A title that is markup is shown as the text it is."""
    title = '"><script>document.title = "owned"</script><img src=x onerror=alert(1)>'
    slug = make(stack, title=title)
    enter(page, stack)

    assert page.inner_text(f"{row(slug)} .title") == title
    assert page.title() == "Everhop"
    assert page.locator("img").count() == 0
