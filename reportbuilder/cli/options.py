"""Options that several commands share."""

import click

user_option = click.option("--user", metavar="EMAIL", help="Who asks; not needed if there is only one user.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
