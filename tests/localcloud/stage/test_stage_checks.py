"""What a check sends is not on the presenter's screen."""

from __future__ import annotations

from datetime import UTC, datetime

from chatkit.localcloud.stage.moderation.recent import Recent
from chatkit.localcloud.stage.moderation.rules import Rules
from chatkit.wire.check_marks import check_text


def test_the_screen_shows_people_and_no_check() -> None:
    """Nor one that was killed and took nothing out."""
    now = datetime.now(UTC).isoformat()
    texts = [check_text("is anybody there?", "0a1b2c3d"), "A check is running: is it? (0a1b2c)."]
    recent = Recent("chat")
    recent.learn({"id": text, "text": text, "sentAt": now} for text in texts)
    assert [shown["text"] for shown in recent.snapshot(Rules(1))] == texts[1:]
