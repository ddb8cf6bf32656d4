"""What each section proves."""

from collections.abc import Iterator

from chatkit.authoring.checks import Session, blobs, expect, expecting, fetch


def container(session: Session) -> Iterator[str]:
    """Section 00: the file can be read with the account's key, and by nobody else."""
    with expecting(
        "The file notes/hello.txt",
        expected="one that can be read",
        hint="Run the cells of notebook 00.",
    ):
        blob = blobs(session).get_blob_client("notes", "hello.txt")
        text = blob.download_blob().readall().decode()
    yield f"notes/hello.txt can be read with the account's key: {text!r}."
    anybody = session.connect().rest(blob.url, signed_in=False)
    status = anybody.get(blob.url, retry_total=1).status_code
    expect(
        status in (401, 404, 409),
        "The file, asked for without a key",
        expected="a refusal",
        got=status,
        hint="The container has to be private.",
    )
    yield "Without a key it cannot."


def website(session: Session) -> Iterator[str]:
    """Section 01: the website answers with the page, and with 404 for what is not there."""
    url = session.web_url
    expect(
        url,
        "The website",
        expected="on",
        got="off",
        hint="workshop.enable_static_website() switches it on.",
    )
    page = (session.page_folder / "index.html").read_bytes()
    answer = fetch("GET", f"{url}")
    expect(
        answer.content == page,
        "The website's first page",
        expected="the one in my-chat/content",
        got=answer,
        hint="workshop.upload_page() uploads it.",
    )
    yield "The website answers with the page from my-chat/content."
    expect(
        b"<title>" in page,
        "The page has no title",
        expected="a <title>",
        got="none",
        hint="Write one, and upload the page again.",
    )
    yield "The page has a title."
