"""``flask deadlines``: placeholder until the working clock lands."""

import click

command = click.Group("deadlines")
