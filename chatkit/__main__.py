"""`python3 -m chatkit VERB`, and the `chatkit` command.

Parses on any Python, so that an old one gets a sentence.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "chatkit needs Python 3.11 or newer, and this is Python %d.%d. "
        "Install a newer Python, then start again with it, for example: python3.13 -m chatkit lab"
        % sys.version_info[:2]
    )

try:
    from chatkit.start import main
except KeyboardInterrupt:
    sys.exit("\nchatkit: interrupted.")

if __name__ == "__main__":
    sys.exit(main())
