"""``python -m scripts.prepare [--demo]``: the schema and, in an empty database, the demo.

The product's own commands, in one process: each start of the application costs a second.
"""

from __future__ import annotations

import sys

import click

from backoffice.wsgi import app

COMMANDS = {"": ("db", "upgrade"), "--demo": ("demo", "load")}


def main(wanted: set[str]) -> int:
    """Run them; the exit code."""
    try:
        with app.app_context():
            for name, command in COMMANDS.items():
                if name in wanted or not name:
                    app.cli.main(command, prog_name="flask", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
