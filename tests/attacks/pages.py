"""Attempts of web pages elsewhere, and of sites beside, to use what runs on this machine."""

from __future__ import annotations

from tests.attacks.group import Group

# What a page's own name, or a name that looks like this machine's, puts into the Host header.
FOREIGN_HOSTS: dict[str, str] = {
    "a page's own name": "evil.example",
    "with the right port": "evil.example:7071",
    "this machine's name in front": "localhost.evil.example",
    "this machine's name behind": "evil.localhost",
    "a dot at the end": "localhost.:7071",
    "every address": "0.0.0.0:7071",
    "the address as one number": "2130706433",
    "another loopback address": "127.0.0.2",
    "another address in brackets": "[::2]:7071",
    "a user before the name": "localhost@evil.example",
    "two ports": "localhost:7071:80",
    "a port that is none": "localhost:evil.example",
    "a list": "localhost, evil.example",
    "nothing": "",
}

# Every port of the local cloud, with the format that its service's errors have.
SERVICES: dict[str, str] = {
    "Resource Manager": "ARM",
    "Entra": "OAuth",
    "the sign-in pages": "page",
    "Graph": "OData",
    "an account's blobs": "XML",
    "the development account": "XML",
    "a static website": "page",
    "an instance's REST API": "SignalR",
    "an instance's clients": "text",
    "an instance's WebSockets": "text",
    "a deployed app": "text",
    "its deployment endpoint": "Kudu",
    "the control endpoint": "control",
    "the map of the chat": "control",
    "the presenter's screen": "control",
}

OTHER_SITE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
# How browsers say that a page of another origin sends a request.
OTHER_PAGES: dict[str, dict[str, str]] = {
    "another site": OTHER_SITE,
    "another site, by a form": {**OTHER_SITE, "Sec-Fetch-Mode": "navigate"},
    "a sandboxed frame": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "another port of this machine": {
        "Origin": "http://localhost:8888",
        "Sec-Fetch-Site": "same-site",
    },
    "an old browser": {"Origin": "https://evil.example"},
    "an old browser, known by its referer": {"Referer": "https://evil.example/x"},
    "a browser that tells no origin": {"Sec-Fetch-Site": "cross-site"},
}

# What such a page would like to do, as method and path.
LOCAL_RUN = {
    "start the host anew": ("POST", "/admin/host/restart"),
    "run a function": ("POST", "/admin/functions/tick"),
    "run one, in another spelling": ("POST", "//ADMIN/functions/TICK"),
    "speak as SignalR Service": ("POST", "/runtime/webhooks/signalr"),
    "synchronise triggers": ("POST", "/admin/host/synctriggers"),
}

FORGED_PUBLISHING = ("with the publishing password", "with a token")

# What the local page's server is asked for, beside what belongs to a page.
PAGE_PATHS = (
    "/.env",
    "/%2eenv",
    "/.ENV",
    "//.env",
    "/vendor/../.env",
    "/vendor/%2e%2e/.env",
    "/.env?x=.html",
    "/.env%00.html",
    "/.git/config",
    "/.vscode/",
    "/.ipynb_checkpoints/index-checkpoint.html",
    "/id_rsa",
    "/local.settings.json",
    "/Local.Settings.JSON",
    "/notes.ipynb",
    "/index.html.before-1",
    "/../functions/local.settings.json",
    "/%2e%2e/functions/local.settings.json",
    "/outside.html",
    "/elsewhere/private.html",
    "/inside.html",
    "/drafts/plan.html",
)

# What a site on another port of localhost does to alice's session: it gets and sets her cookies.
NEIGHBOURS = (
    "signs bob in",
    "signs alice out",
    "sets its session under Azure's name",
    "sets its session under this site's name",
    "sets nonsense under both names",
)

GROUPS = (
    Group(
        "Names that are not this machine's",
        "test_host_names.py",
        "test_a_name_that_is_not_this_machines_is_refused",
        tuple(FOREIGN_HOSTS),
    ),
    Group(
        "DNS rebinding, at every service",
        "test_foreign_hosts.py",
        "test_a_service_refuses_another_name_in_its_own_format",
        tuple(SERVICES),
    ),
    Group(
        "Who sends a request",
        "test_other_pages.py",
        "test_a_page_of_another_origin_is_known",
        tuple(OTHER_PAGES),
    ),
    Group(
        "Operating a local run from a page",
        "test_operating_from_pages.py",
        "test_no_page_operates_a_local_run",
        tuple(LOCAL_RUN),
    ),
    Group(
        "Signing a device in from a page",
        "test_sign_in_from_pages.py",
        "test_no_other_page_signs_a_device_in",
        tuple(OTHER_PAGES),
    ),
    Group(
        "Publishing from a page",
        "test_scm.py",
        "test_no_page_publishes",
        FORGED_PUBLISHING,
    ),
    Group(
        "Another site on this machine, and alice's session",
        "test_two_sites.py",
        "test_a_neighbour_does_not_become_or_end_alice",
        NEIGHBOURS,
    ),
    Group(
        "What the local page's server keeps to itself",
        "test_page_server_files.py",
        "test_what_is_not_the_page_is_not_served",
        PAGE_PATHS,
    ),
)
