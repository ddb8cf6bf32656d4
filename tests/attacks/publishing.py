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
    # As people and tools call what they keep secrets in.
    "passwords.txt",
    "Passwords (1).CSV",
    "my-passwords.md",
    "password.txt.bak",
    "connection-string.txt",
    "ConnectionStrings.json",
    "my-credentials.json",
    "gcp-credentials.json",
    "application_default_credentials.json",
    "creds.yaml",
    "prod-secrets.json",
    "secrets.prod.yml",
    "secrets/db.json",
    "chat_secret.txt",
    "rootkey.csv",
    "accessKeys.csv",
    "ACCESSKEYS.CSV",
    "alice_accessKeys.csv",
    "new_user_credentials.csv",
    "azureProfile.json",
    "accessTokens.json",
    "service_principal_entries.json",
    "msal_token_cache.json",
    "msalTokenCache.txt",
    "token.json",
    "github-token.txt",
    "cookies.txt",
    "chrome-cookies-export.json",
    "api_keys.json",
    "storage-account-key.txt",
    "kubeconfig.yaml",
    "zugangsdaten.txt",
    "_netrc",
    "terraform.tfstate.backup",
    "secret.txt.1",
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

# Names of the same file, without a link. OUTSIDE has private.html, the page has .env.
HARD_LINKS: dict[str, str] = {
    "to .env": ".env",
    "to a private file by its name": "passwords.txt",
    "to a key in a folder with a dot": ".ssh/id_rsa",
    "to a file that is left out": "drafts/plan.html",
    "to a file of git": ".git/config",
    "to a file elsewhere": "../outside/private.html",
}

# Secrets, cut so that no line of this file looks like one.
LETTERS = "abcdefghijklmnopqrstuvwxyz"
KEY_64 = "Ab1+/" * 17 + "x" + "=="
JWT = f"eyJ{LETTERS}.eyJ{LETTERS}.{LETTERS}"
KEY_32 = "Ab1+/" * 8 + "xyz="
PASSWORD = "abcdefghijkl" + "m1!"
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
    "a managed identity's secret in a shell line": (
        "export IDENTITY_HEADER=0F1E2D3C4B5A69788796A5B4C3D2E1F0"
    ),
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
    "a database of SQL": "Server=tcp:x.example,1433;User ID=alice;Pass"
    + f"word={LETTERS};Encrypt=True",
    "a database of SQL, briefly": "data source=x;uid=alice;p" + f"wd={LETTERS}",
    "a database of SQL, quoted": "Host=x; Username=alice; Pass" + f"word='{LETTERS} 1'",
    "a cache": "chat.redis.cache.windows.net:6380,pass" + f"word={LETTERS}=,ssl=True",
    "a key of Google": "AI" + f"za{LETTERS}012345678",
    "a client secret of Google": "GOC" + f"SPX-{LETTERS}",
    "a key of OpenAI": "s" + f"k-{LETTERS}0123456789",
    "a key of a project of OpenAI": "s" + f"k-proj-{LETTERS}_0123456789",
    "a key of OpenRouter": "s" + "k-or-v1-" + "0123456789abcdef" * 4,
    "a key of 32 bytes": f"const key = '{KEY_32}'",
    "a key of 32 bytes in YAML": f"signalr_key: {KEY_32}",
    "a key of 64 bytes in JSON": '{"primaryKey": "' + KEY_64 + '"}',
    "a new key of Azure": LETTERS * 2 + "JQ" + "QJ99BAACAAAAAAAAAAAAASAZSRabcd",
    "a user in an address": f"https://alice:{LETTERS}" + "@git.example/chat.git",
    "a token in an address": f"fetch('https://x:{LETTERS}" + "@api.example/v1')",
    "a client secret in YAML": f"  client_secret: {LETTERS}0123",
    "a client secret in backquotes": f"const clientSecret = `{LETTERS}`",
    "a client secret in a form": f"grant_type=client_credentials&client_secret={LETTERS}0123&a=b",
    "a client secret in a list of settings": (
        '"name": "CLIENT_SECRET",\n    "slotSetting": false,\n    "value": "' + f'{LETTERS}01"'
    ),
    "a secret of a provider": f"AUTHENTICATION_SECRET={LETTERS}0123",
    "a key in a header": "'x-functions-key': '" + f"{LETTERS}0123'",
    "a password in JSON": '"password": "' + "abcdefghijkl" + 'm1!"',
    "a password in a file of settings": "DB_PASS" + "WORD=" + "abcdefghijkl" + "m1!",
    "a password with a comma behind it": "  pass" + f"word: {PASSWORD},",
    "a password with a remark behind it": "pass" + f"word: {PASSWORD}  # of the shop",
    "a password in a list of YAML": "- pass" + f"word: {PASSWORD}",
    "a password in a shell line with another command": "PASS" + f"WORD={PASSWORD}; export PASS",
    "a password before a command": "DB_PASS" + f"={PASSWORD} python app.py",
    "a password as an argument": "az login --username a --pass" + f"word {PASSWORD}",
    "a password in the environment": "os.environ['DB_PASS" + f"WORD'] = '{PASSWORD}'",
    "a password in place of a missing setting": ("os.getenv('DB_PASS" + f"WORD', '{PASSWORD}')"),
    "a password with a type": "PASS" + f'WORD: str = "{PASSWORD}"',
    "a password as bytes": "PASS" + f'WORD = b"{PASSWORD}"',
    "a password with other characters": '"pass' + f'word": "X,{PASSWORD}/(;"',
    "a password given to a function": "setPass" + f"word('{PASSWORD}')",
    "a password in XML": "<pass" + f"word>{PASSWORD}</pass" + "word>",
    "a password in SQL": "CREATE USER a WITH PASS" + f"WORD '{PASSWORD}'",
    "a password in German": "pass" + f"wort: {PASSWORD}",
    "a bearer in a header": f"'Authorization': 'Bearer {LETTERS}0123'",
    "a key of a function app in HTML": f'<a href="/api/x?a=1&amp;code={LETTERS}0123">',
    "a shared access signature in JSON": f'"x?sp=r\\u0026sig={LETTERS}{LETTERS}%3D"',
    "a shared access signature in an address": f"?u=x%3Fsp%3Dr%26sig%3D{LETTERS}{LETTERS}",
    "a refresh token": '"refresh_token": "0.AX' + LETTERS * 40 + '"',
    "a token by that name alone": f'const TOKEN = "{LETTERS}0123"',
    "a secret by that name alone": f"SECRET={LETTERS}0123",
    "a private key in base64": "LS0tLS1CRUdJTi" + "BQUklWQVRFIEtFWS0tLS0tCk1JSUV2",
    "a private key in a JWK": f'{{"kty": "RSA", "d": "{LETTERS}{LETTERS}01"}}',
    "a key in a list of YAML": f"- name: API_KEY\n  value: {LETTERS}0123",
    "a private key of web push": "private" + f'Key: "{LETTERS}0123"',
    "a password of curl": f"curl -s -u alice:{PASSWORD} https://a.example/",
    "a session of App Service": f"Cookie: AppServiceAuthSession={LETTERS}{LETTERS}01",
    "a webhook of Discord": "https://discord.com/api/web"
    + f"hooks/123456789012345678/{LETTERS * 2}",
    "an older key of a function app": f"fetch('/api/x?code={LETTERS}0123%3D%3D')",
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
    "prod-passwords.xlsx",
    "connection_string.conf",
    "secrets/key.bin",
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
        "Second names of private files", PAGE, "test_a_second_name_takes_nothing", tuple(HARD_LINKS)
    ),
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
