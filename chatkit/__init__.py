"""chatkit: build a serverless chat room on Azure, cell by cell, with or without a subscription.

Parses on any Python (hence no annotations outside comments): `python -m chatkit` reads this before
it can say that one is too old.
"""

from importlib import import_module

from chatkit.setup.version import VERSION as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell as InteractiveShell

    from chatkit.core.errors import ChatkitError as ChatkitError
    from chatkit.lesson.http import get as get
    from chatkit.lesson.http import post as post
    from chatkit.lesson.tokens import claims as claims
    from chatkit.workshop import Workshop as Workshop

__all__ = [
    "ChatkitError",
    "Workshop",
    "__version__",
    "claims",
    "get",
    "load_ipython_extension",
    "post",
]
_HOMES = {
    "ChatkitError": "chatkit.core.errors",
    "Workshop": "chatkit.workshop",
    "claims": "chatkit.lesson.tokens",
    "get": "chatkit.lesson.http",
    "post": "chatkit.lesson.http",
}


def __getattr__(name):  # type: (str) -> object
    """Import a public name when it is first used: `import chatkit` stays instant."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError("module 'chatkit' has no attribute %r" % name)


def load_ipython_extension(shell):  # type: (InteractiveShell) -> None
    """On `%load_ext chatkit`: `%%chatfile`, interrupts that break no import, cards for mistakes."""
    import_module("chatkit.core.running.interrupts").register(shell)
    import_module("chatkit.lesson.mistakes").register(shell)
    import_module("chatkit.steps.app_files").register(shell)
    shell.events.register("pre_run_cell", _let_it_load_again)


def _let_it_load_again(_info):  # type: (object) -> None
    """Keep the first cell quiet when it runs again, or after `chatkit lab` has loaded it:
    IPython prints that it has been loaded.
    """
    shell = import_module("IPython").get_ipython()
    shell.extension_manager.loaded.discard(__name__)
