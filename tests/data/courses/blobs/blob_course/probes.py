"""How the doctor sees the course's problems."""

from chatkit.authoring.checks import NotThere, Snapshot


def title(snapshot: Snapshot) -> str:
    """The page of my-chat has no title."""
    page = snapshot.folder.page / "index.html"
    if not page.is_file():
        raise NotThere
    if b"<title>" in page.read_bytes():
        return ""
    return "my-chat/content/index.html has no <title>"
