"""``python -m scripts.prepare [--demo]``: the schema and, in an empty database, the demo.

The product's own commands, in one process: each start of the application costs a second.
"""

from __future__ import annotations

import sys

import click

from backoffice.wsgi import app


def main(*, demo: bool) -> int:
    """Run them; the exit code."""
    try:
        with app.app_context():
            for command in [("db", "upgrade"), *([("demo", "load")] if demo else [])]:
                app.cli.main(command, prog_name="flask", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(demo="--demo" in sys.argv))
