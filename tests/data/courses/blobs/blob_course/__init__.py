"""Files in the cloud: a course of two notebooks."""

from chatkit.authoring import Course, Exercise, Problem, Section

COURSE = Course(
    "Files in the cloud, and a website",
    sections=(
        Section("00", "blob_course.checks:container"),
        Section(
            "01",
            "blob_course.checks:website",
            leaves=("content/index.html",),
            shows_page=True,
        ),
    ),
    exercises=(Exercise("01", "blob_course.exercises:greeting", fill='req.params.get("name")'),),
    problems=(
        Problem(
            key="page-without-title",
            title="The page has no title",
            cause="A browser shows the address where a page has no <title>.",
            fix="Write one into my-chat/content/index.html, and upload the page again.",
            links=("https://developer.mozilla.org/docs/Web/HTML/Element/title",),
            says=("the page has no title",),
        ),
    ),
    probes={"page-without-title": "blob_course.probes:title"},
    makes="the website",
)
