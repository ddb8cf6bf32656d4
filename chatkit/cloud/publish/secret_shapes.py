"""How secrets look: keys and tokens of Azure, and those of services that a learner's machine most
likely knows.

The shapes follow Microsoft's page "Sensitive information type entity definitions" and the token
formats that the services document.
"""

from __future__ import annotations

import re

from chatkit.cloud.publish.shape import Shape

EQUALS = rb"(?:=|%3[Dd]|\\u003[Dd])"
QUOTE = rb"(?:[\"'`]|&quot;|\\\")"
# Between a name and its value: in code, JSON, YAML, a shell, XML, and a list of settings as az
# writes it.
ASSIGNS = (
    rb"(?:" + QUOTE + rb"?\s{0,4}(?:[:=]|=>|:=)\s{0,4}|" + QUOTE + rb"?>\s{0,4}"
    rb"|"
    + QUOTE
    + rb"?,?\s{1,20}(?:"
    + QUOTE
    + rb"?slotSetting"
    + QUOTE
    + rb"?:\s?[a-z]{4,5},\s{1,20})?"
    rb"" + QUOTE + rb"?value" + QUOTE + rb"?\s{0,4}[:=]\s{0,4})"
)
# To the quote at its end, or the beginning of a very long one, as refresh tokens are.
LONG_RANDOM = rb"(?P<random>[A-Za-z0-9+/=_~.-]{20,200}+)(?:" + QUOTE + rb"|(?=[A-Za-z0-9+/=_~.-]))"
LONG_BARE = rb"(?P<bare>[A-Za-z0-9+/=_~-]{20,200})"
LINE_ENDS = rb"(?=[\s&<,;\"'`]|\\n|$)"
STRING_KEY = rb"(?P<value>(?:[A-Za-z0-9+/_-]|%2[BbFf]){8,200}+)(?!\.\.|\xe2\x80\xa6)"
NOT_BASE64_BEFORE = rb"(?<![A-Za-z0-9+/_-])"
NOT_BASE64_AFTER = rb"(?![A-Za-z0-9+/=])"
# Values that everybody may see have the same form as keys.
IS_CALLED_SO = re.compile(
    rb"(?i)(?<=[\w\])-])(?<!hash)(?<!digest)(?<!integrity)(?<!checksum)(?<!sha256)(?<!sha-256)"
    rb"(?<!print)(?<!etag)(?<!public_key)(?<!public-key)(?<!publickey)(?<!nonce)(?<!mvid)"
    rb"" + ASSIGNS + QUOTE + rb"?\Z"
)
# What stands before "key", "secret" or "token" in the name of a setting that is one.
SECRET_OF = re.compile(
    rb"(?i)(?:api|access|app|auth|authentication|bearer|bot|chatkit|consumer|control|cookie"
    rb"|encryption|functions?|host|jwt|master|personal|private|provider|refresh|secret|server"
    rb"|session|shared|signing|subscription|webhook)[_-]?\Z"
)
PASSWORD_NAME = rb"(?:password|passwd|pwd|passphrase|passwort|kennwort|(?<=[a-z0-9])[_-]pass)"
# Between the name of a password and its value, besides: a type, the end of a subscript or of an
# argument, a call, and what may stand before the text itself.
SETS = (
    rb"(?:" + ASSIGNS + rb"|\s{0,4}:\s{0,4}[A-Za-z][\w.|\[\] ]{0,40}=\s{0,4}"
    rb"|" + QUOTE + rb"\]\s{0,4}=\s{0,4}|" + QUOTE + rb",\s{0,4}|\()\(?[brf]{0,2}"
)
BARE_PASSWORD = rb"(?P<bare>[^\s\"'`<>(){}\[\]\\^|,;]{8,64})"
PASSWORD_LINE = (
    rb"(?im)^[\t ]{0,40}(?:- |export |set |\$)?[\w.-]{0,60}?"
    + PASSWORD_NAME
    + rb"\s{0,4}[:=][\t ]{0,4}"
)

SHAPES = (
    Shape(
        "a private key",
        (b"private key", b"putty-user-key-file-", b"age-secret-key-", b"ls0tls1crudjti"),
        (
            re.compile(rb"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"),
            re.compile(rb"PuTTY-User-Key-File-[0-9]:"),
            re.compile(rb"AGE-SECRET-KEY-1[A-Z0-9]{50}"),
            # The first line in base64, as kubectl and variables of pipelines have it: of a key
            # (PKCS #8, with a passphrase, RSA, EC, OpenSSH), not of a certificate.
            re.compile(
                rb"LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFW|BFTkNSWVBURUQgUFJJ|BSU0EgUFJJ|BFQyBQUkl"
                rb"|BPUEVOU1NIIFBSS)"
            ),
        ),
    ),
    Shape(
        "a private key in JSON (JWK)",
        (b"kty",),
        (re.compile(rb"\"d\"\s{0,4}:\s{0,4}\"(?P<value>[A-Za-z0-9_-]{40,200})"),),
        context=re.compile(rb"\"kty\"\s{0,4}:"),
    ),
    Shape(
        "a connection string with its key",
        (b"accountkey", b"accesskey"),
        (
            re.compile(rb"(?:AccountKey|AccessKey)" + EQUALS + STRING_KEY),
            re.compile(rb"(?i);(?:account|access|sharedaccess)key" + EQUALS + STRING_KEY),
        ),
    ),
    Shape(
        "a connection string with its password",
        (b"password", b"pwd", b"passwort"),
        (
            re.compile(
                rb"(?i)(?<![a-z0-9_.-])(?:password|pwd)\s{0,4}=\s{0,4}"
                rb"(?P<plain>[^\s;,\"'`&<>()\[\]{}]{4,128})(?=[\s;,\"'`&<\\]|$)"
            ),
            re.compile(
                rb"(?i)(?<![a-z0-9_.-])(?:password|pwd)\s{0,4}=\s{0,4}(?:\"\"|')"
                rb"(?P<value>[^\"'\r\n<>]{4,128})(?:\"\"|')"
            ),
            # A driver of ODBC takes braces; a template writes names in them.
            re.compile(
                rb"(?i)(?<![a-z0-9_.-])(?:password|pwd)\s{0,4}=\s{0,4}"
                rb"\{(?P<random>[^{}\r\n]{4,128})\}"
            ),
        ),
        context=re.compile(
            rb"(?i)(?<![a-z0-9_.])(?:server|data source|addr(?:ess)?|host|user id|uid|user"
            rb"|username|database|initial catalog|encrypt|trustservercertificate|port|driver"
            rb"|persist security info|ssl|sslmode|abort_?connect|connect_?timeout|synctimeout)"
            rb"\s{0,4}=\s{0,4}[^\s;,\"'`=(){}][^;,\"'`=(){}\r\n]{0,120}(?:[;,]|[\"'`\r\n]|$)"
            rb"|\.redis\.cache\.|\.redis\.azure\.|:6380,"
        ),
    ),
    Shape(
        "an access key",
        (b"accountkey", b"accesskey", b"account_key", b"access_key", b"storage_key", b"storagekey"),
        (
            re.compile(
                rb"(?i)(?:account|access|storage)_?key"
                + ASSIGNS
                + QUOTE
                + rb"(?P<value>[a-z0-9+/=_-]{24,200})"
            ),
            re.compile(
                rb"(?i)(?:account|access|storage)_?key"
                + ASSIGNS
                + rb"(?P<bare>[a-z0-9+/=_-]{24,200})"
                rb"" + LINE_ENDS
            ),
        ),
    ),
    Shape(
        "a key of 64 bytes",
        (b"==",),
        # A browser's `integrity` has the same length after "sha512-".
        (re.compile(NOT_BASE64_BEFORE + rb"(?P<value>[A-Za-z0-9+/]{86}==)" + NOT_BASE64_AFTER),),
    ),
    Shape(
        "a key of 32 bytes",
        (b"=",),
        (re.compile(NOT_BASE64_BEFORE + rb"(?P<random>[A-Za-z0-9+/]{43}=)" + NOT_BASE64_AFTER),),
        before=IS_CALLED_SO,
    ),
    Shape(
        "a key of Azure",
        (b"jqqj9", b"azfu", b"azse", b"azca", b"acdb", b"azdo"),
        (
            re.compile(
                rb"[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16}[A-Za-z][A-Za-z0-9]{7}"
            ),
            re.compile(rb"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]=="),
            re.compile(rb"(?<![A-Za-z0-9])[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}(?![A-Za-z0-9])"),
            re.compile(rb"(?<![A-Za-z0-9])[A-Za-z0-9]{33}AzCa[A-P][A-Za-z0-9]{5}="),
            re.compile(rb"(?<![A-Za-z0-9])[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])"),
        ),
    ),
    Shape(
        "a shared access signature",
        (b"sig=", b"sig%3d", b"sig\\u003d"),
        (
            re.compile(
                rb"(?:(?<![A-Za-z0-9_])|(?<=%26)|(?<=u0026))sig"
                + EQUALS
                + rb"(?:[A-Za-z0-9/+_-]|%[0-9A-Fa-f]{2}){32}"
            ),
        ),
    ),
    Shape(
        "a token (JWT)",
        (b"eyj",),
        (
            re.compile(
                rb"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}+"
                rb"\.eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]{10}"
            ),
        ),
    ),
    Shape(
        "a secret of a managed identity",
        (b"identity_header", b"msi_secret"),
        # As `chatkit local env` prints it, and App Service sets it.
        (
            re.compile(
                rb"(?i)(?:identity_header|msi_secret)"
                + ASSIGNS
                + QUOTE
                + rb"?(?P<value>[0-9a-f]{32}(?:-?[0-9a-f]{4}){0,2})(?![0-9a-z])"
            ),
        ),
    ),
    Shape(
        "a client secret",
        (b"q~", b"client_secret", b"clientsecret", b"client-secret"),
        (
            # Of Microsoft Entra.
            re.compile(
                rb"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"
                rb"(?![A-Za-z0-9_~.-])"
            ),
            re.compile(
                rb"(?i)client[_-]?secret" + ASSIGNS + QUOTE + rb"(?P<value>[^\"'`\s]{16,200})"
            ),
            re.compile(
                rb"(?i)client[_-]?secret" + ASSIGNS + QUOTE + rb"(?P<random>[^\"'`\s]{8,15})[\"'`]"
            ),
            # As `chatkit local env` prints it, and files of settings hold it.
            re.compile(
                rb"(?i)client[_-]?secret"
                + ASSIGNS
                + rb"(?P<bare>[A-Za-z0-9_~.+/=-]{16,200})"
                + LINE_ENDS
            ),
        ),
    ),
    Shape(
        "a token of GitHub or GitLab",
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-"),
        (
            re.compile(
                rb"gh[pousr]_[A-Za-z0-9]{30}|github_pat_[A-Za-z0-9_]{22}|glpat-[A-Za-z0-9_-]{20}"
            ),
        ),
    ),
    Shape(
        "a token of Slack, or a webhook",
        (b"xox", b"xapp-", b"hooks.slack.com", b"api/webhooks/", b"webhook.office.com", b"whsec_"),
        (
            re.compile(
                rb"xox[abeoprs]-[A-Za-z0-9-]{10}|xapp-[0-9]-[A-Za-z0-9-]{10}"
                rb"|hooks\.slack\.com/services/T[A-Za-z0-9]{5,15}"
                rb"/B[A-Za-z0-9]{5,15}/[A-Za-z0-9]{10}"
            ),
            re.compile(
                rb"discord(?:app)?\.com/api/webhooks/[0-9]{15,20}/[A-Za-z0-9_-]{40}"
                rb"|\.webhook\.office\.com/webhookb2/[0-9a-f@-]{30,80}/[A-Za-z]{4,20}/[0-9a-f]{32}"
                rb"|(?<![A-Za-z0-9_])whsec_[A-Za-z0-9+/=]{24}"
            ),
        ),
    ),
    Shape(
        "a key of Amazon Web Services",
        (b"akia", b"asia", b"secret_access_key", b"secretaccesskey", b"secret access key"),
        (
            re.compile(rb"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
            re.compile(
                rb"(?i)secret[_ ]?access[_ ]?key" + ASSIGNS + QUOTE + rb"?(?P<value>[a-z0-9/+]{40})"
            ),
        ),
    ),
    Shape(
        "a key of Google",
        (b"aiza", b"gocspx-", b"ya29."),
        (
            re.compile(rb"(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
            re.compile(rb"(?<![A-Za-z0-9_-])(?:GOCSPX-[A-Za-z0-9_-]{20}|ya29\.[A-Za-z0-9_-]{30})"),
        ),
    ),
    Shape(
        "an access token",
        (
            *(b"npm_", b"_authtoken=", b"pypi-age", b"_live_", b"_test_", b"sk-", b"hf_", b"sg."),
            *(b"dckr_pat_", b"gsk_", b"xai-", b"shpat_", b"dop_v1_", b"hvs.", b":aa"),
        ),
        (
            re.compile(
                rb"(?<![A-Za-z0-9])(?:npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{20}"
                rb"|[rs]k_(?:live|test)_[A-Za-z0-9]{16}|dckr_pat_[A-Za-z0-9_-]{20}"
                rb"|gsk_[A-Za-z0-9]{40}|xai-[A-Za-z0-9]{40}|hf_[A-Za-z0-9]{30}"
                rb"|shpat_[a-f0-9]{32}|dop_v1_[a-f0-9]{64}|hvs\.[A-Za-z0-9_-]{24}"
                rb"|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{40}|[0-9]{8,10}:AA[A-Za-z0-9_-]{33})"
                rb"|_authToken=[A-Za-z0-9_-]{8}"
            ),
            # A name of a style has hyphens between its words.
            re.compile(
                rb"(?<![A-Za-z0-9_-])sk-(?:(?:ant|proj|svcacct|admin|None|or-v1)-[A-Za-z0-9_-]{20}"
                rb"|[A-Za-z0-9]{24})"
            ),
        ),
    ),
    Shape(
        "a key or token in a setting",
        (b"secret", b"key", b"token"),
        (
            re.compile(rb"(?i)(?:key|secret|token)" + ASSIGNS + QUOTE + LONG_RANDOM),
            re.compile(
                rb"(?i)(?:key|secret|token)"
                + ASSIGNS
                + rb"(?P<bare>[A-Za-z0-9+/=_~-]{20,200})"
                + LINE_ENDS
            ),
        ),
        before=SECRET_OF,
    ),
    Shape(
        "a secret or token",
        (b"secret", b"token"),
        (
            re.compile(
                rb"(?i)(?<![\w$.-])" + QUOTE + rb"?(?:secret|token)" + ASSIGNS + QUOTE + LONG_RANDOM
            ),
            re.compile(rb"(?im)(?<![\w$.-])(?:secret|token)=" + LONG_BARE + LINE_ENDS),
        ),
    ),
    Shape(
        "a password in a setting",
        (
            *(b"password", b"passwd", b"pwd", b"passphrase", b"passwort", b"kennwort"),
            *(b"_pass", b"-pass", b"identified by", b"curl "),
        ),
        (
            re.compile(
                rb"(?i)"
                + PASSWORD_NAME
                + SETS
                + QUOTE
                + rb"(?P<random>[^\s\"'`<>(){}\[\]\\^|/,;:]{8,64})"
                rb"" + QUOTE
            ),
            re.compile(
                rb"(?i)"
                + PASSWORD_NAME
                + SETS
                + QUOTE
                + rb"(?P<strong>[^\s\"'`<>{}\\]{8,64})"
                + QUOTE
            ),
            # A line of settings, of YAML, of a shell.
            re.compile(PASSWORD_LINE + BARE_PASSWORD + rb"[\t ]{0,8}(?:$|[\t ]\#|[\t ]//)"),
            # The same with a comma behind it. A program has names there, which this one is none of.
            re.compile(PASSWORD_LINE + rb"(?=[\w$.]{0,64}[^\w$.,;\s])" + BARE_PASSWORD + rb"[,;]"),
            # Variables before a command, and an argument of one.
            re.compile(
                rb"(?m)^[\t ]{0,40}[A-Z0-9_]{0,60}?(?:PASSWORD|PASSWD|_PASS)="
                + BARE_PASSWORD
                + rb"[\t ]"
            ),
            re.compile(rb"(?<![\w-])--(?:[a-z]{1,20}-)?password[= ][\"']?" + BARE_PASSWORD),
            re.compile(
                rb"curl [^\n]{0,80}?(?:-u|--user)[= ][\"']?[^\s:\"'$]{1,64}:" + BARE_PASSWORD
            ),
            re.compile(rb"(?i)" + PASSWORD_NAME + rb">(?P<random>[^\s<>&]{8,64})</"),
            re.compile(rb"(?i)(?:password|identified by)\s{1,4}'(?P<random>[^\s']{8,64})'"),
        ),
    ),
    Shape(
        "a key in a header or an address",
        (b"authorization", b"-key", b"code=", b"code%3d", b"appserviceauthsession"),
        (
            re.compile(
                rb"(?i)(?:authorization|(?:api|access|auth|functions?|subscription)-key)"
                + QUOTE
                + rb"?\s{0,4}[:=,]\s{0,4}"
                + QUOTE
                + rb"?"
                rb"(?:bearer |basic |token )?(?P<random>[A-Za-z0-9+/=_~.-]{16,400})(?![\w(\[])"
            ),
            # Of a function.
            re.compile(
                rb"(?:[?&]|&amp;|u0026|%26)code"
                + EQUALS
                + rb"(?P<random>(?:[A-Za-z0-9_+/=-]|%[0-9A-F]{2}){30,200})"
            ),
            re.compile(rb"AppServiceAuthSession(?:-[0-9]{1,5})?=(?P<value>[\w+/=%-]{40,200})"),
        ),
    ),
    Shape(
        "an address with its password",
        (b"://",),
        (
            re.compile(
                rb"(?i)(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}://[^\s:@/?#\"'`<>{}]{0,64}"
                rb":(?P<value>[^\s@/?#\"'`<>{}$]{3,128})@[a-z0-9\[]"
            ),
        ),
    ),
)
"""Every kind that is looked for, in the order in which a file is asked about them."""
