"""The system's Chromium, without a window, by Playwright.

Playwright's synchronous interface keeps an event loop running in the thread that started it. Tests
with a loop of their own cannot run there until it has ended: a test file starts a browser of its
own, in a fixture of module scope, and ends it.

The pages are our own, so that Chromium needs no protection from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.tools import Tools

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Chromium's command line has one list of features to leave out. The first row is ours: each window
# loads pages of its own for suggestions below its address bar, which take half of the processor
# time of a visit. The others are Playwright's, whose list this one replaces.
LEFT_OUT = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    *("AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync"),
    *("DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades"),
    *("LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints"),
    *("PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"),
)
ARGUMENTS = (
    "--no-sandbox",  # Chromium refuses to run as root with it
    "--disable-site-isolation-trials",  # one process shows page, sign-in and page again
    f"--disable-features={','.join(LEFT_OUT)}",
)


@contextmanager
def launched(*arguments: str, path: str | None = None) -> Iterator[Browser]:
    """Start Chromium and end it, with Playwright's event loop.

    Args:
        arguments: Further arguments of Chromium's command line.
        path: Where Chromium is; by default the first on PATH.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path or Tools().program(*NAMES), args=[*ARGUMENTS, *arguments]
        )
        yield browser
        browser.close()
