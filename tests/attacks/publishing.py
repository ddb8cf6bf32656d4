"""Attempts to have more published than a page or an app, most of them by mistake."""

from __future__ import annotations

from tests.attacks.group import Group

# Files in a page's folder that nobody wants on a website.
PRIVATE_FILES = (
    ".env",
    ".ENV",
    ".env.production",
    ".env.",
    ".npmrc",
    ".git/config",
    ".aws/credentials",
    ".ssh/config.txt",
    ".vscode/settings.json",
    ".ipynb_checkpoints/index-checkpoint.html",
    ".well-known/.env",
    "deep/er/.netrc",
    "local.settings.json",
    "Local.Settings.JSON",
    "local.settings.json.bak",
    "local.settings.json ",
    "\uff0eenv",
    "appsettings.Development.json",
    "credentials.json",
    "CREDENTIALS.csv",
    "client_secret_123.json",
    "secrets.txt",
    "id_rsa",
    "ID_RSA.txt",
    "id_ed25519.bak.txt",
    "server.pem",
    "server.pem.old",
    "cert.PFX",
    "site.key",
    "terraform.tfstate",
    "notes.ipynb",
    "__pycache__/page.json",
    "node_modules/lib/index.js",
    "index.html.before-1",
    "chat.db",
    "backup.zip",
    "app.py",
    "core",
)

# Links, as name in the folder and what it leads to. OUTSIDE has private.html, the page has .env.
LINKS: dict[str, tuple[str, str]] = {
    "to a file elsewhere": ("copy.html", "../outside/private.html"),
    "to a file elsewhere, by its whole path": ("copy.html", "OUTSIDE/private.html"),
    "to a file elsewhere, through a link": ("copy.html", "hop.html"),
    "to a folder elsewhere": ("copies", "../outside"),
    "to a folder whose name begins the same": ("copies", "../content-private"),
    "to the folder above": ("up", ".."),
    "to the folder itself": ("again", "."),
    "to a private file beside": ("copy.html", ".env"),
    "to a file that is left out": ("copy.html", "drafts/plan.html"),
    "to itself": ("round.html", "round.html"),
    "to nothing": ("gone.html", "nowhere.html"),
    "to a device": ("random.txt", "/dev/urandom"),
}

# Secrets, cut so that no line of this file looks like one.
LETTERS = "abcdefghijklmnopqrstuvwxyz"
KEY_64 = "Ab1+/" * 17 + "x" + "=="
JWT = f"eyJ{LETTERS}.eyJ{LETTERS}.{LETTERS}"
SECRETS: dict[str, str] = {
    "a private key": "-----BEGIN " + "PRIVATE KEY-----\nMIIEvQ==\n-----END",
    "an RSA key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "a key of SSH": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "a key with a passphrase": "-----BEGIN ENCRYPTED " + "PRIVATE KEY-----",
    "a key of PGP": "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
    "a key of PuTTY": "PuTTY-User-Key-" + "File-3: ssh-ed25519",
    "a key in JSON": '{"private_key": "-----BEGIN ' + 'PRIVATE KEY-----\\nMII"}',
    "a storage account": f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={KEY_64}",
    "a storage account, in lower case": f"x;accountkey={KEY_64.rstrip('=')}",
    "a storage account's key alone": f"const key = '{KEY_64}'",
    "a SignalR instance": f"Endpoint=http://localhost;AccessKey={LETTERS}=;Version=1.0;",
    "a SignalR instance, encoded": f"?c=Endpoint%3Dhttp%3A%2F%2Fx%3BAccessKey%3D{LETTERS}",
    "an event hub": f"SharedAccessKeyName=all;SharedAccessKey={LETTERS}=",
    "an access key in JSON": '{"accessKey": "' + LETTERS + '"}',
    "a shared access signature": (
        f"https://a.example/c?sv=2024-11-04&sp=r&sig={LETTERS}%2B{LETTERS}%3D"
    ),
    "a shared access signature in HTML": f'<img src="x?sp=r&amp;sig={LETTERS}{LETTERS}%3D">',
    "a session token": f"localStorage.token = '{JWT}'",
    "a client secret of Entra": "abc8" + "Q~" + LETTERS + "ABCDEFG",
    "a client secret in a shell line": f"export AZURE_CLIENT_SECRET={LETTERS}0123456789",
    "a client secret in JSON": '{"client_secret": "' + LETTERS + '"}',
    "a key of a function app": f"?code={LETTERS}{LETTERS[:18]}" + "AzFu" + "abcdeA==",
    "a token of GitHub": "ghp" + "_" + LETTERS + "0123456789",
    "a fine-grained token of GitHub": "github" + "_pat_" + LETTERS,
    "a token of Slack": "xoxb" + "-123456789012-" + LETTERS,
    "a webhook of Slack": "https://hooks.slack" + f".com/services/T0000000/B0000000/{LETTERS}",
    "a key of Amazon": "AKIA" + "IOSFODNN7EXAMPLE",
    "a secret of Amazon": "aws_secret_access_key = " + LETTERS + "0123456789ABCD",
    "a token of npm": "//registry.npmjs.org/:_auth" + f"Token={LETTERS}",
    "a database": "postgres" + f"://chat:{LETTERS}@db.example/chat",
}
# How the same secret may be written.
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-be", "utf-32")

# Files in an app's folder that Azure has no use for.
APP_FILES = (
    ".env",
    ".npmrc",
    ".ssh/id_rsa",
    "id_rsa",
    "certificate.pfx",
    "Private.PEM",
    "credentials.json",
    "appsettings.json",
    "local.settings.json",
    "LOCAL.SETTINGS.JSON",
    ".vscode/launch.json",
    ".python_packages/lib/x.py",
)
APP_LINKS = (
    "to a file elsewhere",
    "to a folder elsewhere",
    "to the folder above",
    "to the folder itself",
)
APP_SECRETS = ("a storage account", "a private key", "a token of GitHub")

PAGE = "test_page_list.py"
APP = "test_kit_package.py"
GROUPS = (
    Group("Files that a page does not take", PAGE, "test_a_private_file_stays", PRIVATE_FILES),
    Group("Links in a page's folder", PAGE, "test_a_link_takes_nothing_along", tuple(LINKS)),
    Group(
        "Secrets in a page's files",
        "test_secret_scan.py",
        "test_a_secret_stops_the_upload",
        tuple(SECRETS),
    ),
    Group(
        "Secrets in other encodings",
        "test_secret_scan.py",
        "test_a_secret_is_found_in_any_encoding",
        ENCODINGS,
    ),
    Group("Files that a package does not take", APP, "test_a_private_file_stays", APP_FILES),
    Group("Links in an app's folder", APP, "test_a_link_stops_the_package", APP_LINKS),
    Group("Secrets in an app", APP, "test_a_secret_stops_the_package", APP_SECRETS),
)
