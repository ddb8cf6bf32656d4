"""Storage: the static website, the history's blobs, keys and rights to them."""

from __future__ import annotations

from chatkit.knowledge.problem import Problem

PROBLEMS = (
    Problem(
        key="website-off",
        title="The page is not there",
        cause="The static website is switched off, nothing is uploaded, or the address is that of"
        " the blobs (…blob.core…) and not of the website (…web.core…).",
        fix="Run workshop.enable_static_website(), then workshop.upload_page(); workshop.web_url is"
        " its address.",
        links=("MicrosoftDocs/azure-docs#104630", "microsoft/vscode-azurestorage#559"),
        codes=("WebsiteNotFound", "StaticWebsiteDisabled", "WebContentNotFound"),
        may_say=(
            r"\b404\b.{0,80}web\.core\.windows",
            r"web\.core\.windows\.net.{0,80}\b404\b",
        ),
        says=(
            r"requested content does not exist",
            r"static website.{0,60}(off|disabled|not enabled|does not exist)",
            r"\$web.{0,60}(not found|does not exist)",
        ),
    ),
    Problem(
        key="script-not-loaded",
        title="A script of the page was not loaded",
        cause="The page names a script that is not there, so that a page or an error came in its"
        " place; or a CDN was not reached.",
        fix="workshop.prepare_page() brings the kit's files back, which lie beside the page, then"
        " workshop.upload_page().",
        links=("https://developer.mozilla.org/docs/Web/HTTP/Guides/MIME_types",),
        says=(
            r"(signalr|vue|axios) is not defined",
            r"mime type \(?'?(text/html|application/xml)",
            r"refused to execute script",
            r"cannot use import statement outside a module",
            r"failed to (fetch|load) (dynamically imported )?module",
        ),
    ),
    Problem(
        key="storage-signature",
        title="Storage refuses the key or the signature",
        cause="The account key is an old one, belongs to another account, or the clock is wrong.",
        fix="workshop.write_local_settings() and workshop.upload_settings() write the right one.",
        links=("https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key",),
        codes=("AuthenticationFailed", "NoAuthenticationInformation", "InvalidAuthenticationInfo"),
        says=(
            r"server failed to authenticate the request",
            r"value of authorization header is formed correctly",
            r"mac signature found in the http request",
            r"signature (did not|does not) match",
        ),
    ),
    Problem(
        key="storage-network",
        title="The storage account lets nobody in from here",
        cause="The account's firewall or a policy switches off public network access.",
        fix="Switch it on for the account (Networking in the portal), or use a subscription"
        " without that policy.",
        links=("MicrosoftDocs/azure-docs#104630",),
        codes=("AuthorizationFailure", "AuthorizationSourceIPMismatch"),
        says=(
            r"this request is not authorized to perform this operation(?! using)",
            r"public network access .{0,40}disabled",
        ),
        may_say=(r"\b403\b.{0,60}(static website|web\.core\.windows)",),
    ),
    Problem(
        key="container-missing",
        title="A container or blob is not there",
        cause="Nothing was written there yet, it was deleted a moment ago, or another account is"
        " asked.",
        fix="Send a message: the history's container is made with the first one. Compare the"
        " account in AzureWebJobsStorage with workshop.status().",
        links=("https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes",),
        codes=("ContainerNotFound", "BlobNotFound", "ContainerBeingDeleted"),
        says=(r"specified (container|blob) (does not exist|is being deleted)",),
    ),
)
