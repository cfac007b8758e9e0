"""python -m infra: what an admin does to a stage. `--stage local` is the one that runs on this machine."""

import argparse
import sys

from botocore.exceptions import BotoCoreError
from rich.console import Console

from chalicelib.airports.lookup import airport
from chalicelib.core.clock import wall_now
from chalicelib.core.errors import GatecallError, Invalid
from infra import provision, secrets, stages
from infra.local.cloud import NotRunning


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the arguments ask for. Returns the exit code."""
    given = _parser().parse_args(arguments)
    console = Console()
    try:
        if given.command == "provision":
            import boto3

            provision.provision(given.stage, boto3.client("cloudformation"), stages.CONFIG, console)
            for name in secrets.make(given.stage, boto3.client("ssm")):
                console.print(f"{name} made.", soft_wrap=True)
            return 0
        stages.enter(given.stage)
        return _run(given, console)
    except (stages.NoSuchStage, NotRunning, provision.NotProvisioned, BotoCoreError, GatecallError) as problem:
        console.print(str(problem), style="red", markup=False, soft_wrap=True)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    key = commands.add_parser("key", help="make an API key for an airport system; it is shown this once")
    key.add_argument("--name", required=True, help="which boards name its feed by, such as wsi-aodb")
    key.add_argument("--airports", required=True, help="the airports it speaks for, such as WSI or EWR,JFK")
    key.add_argument("--scopes", default="feeds:aidx", help="what it may do (default: %(default)s)")
    gone = commands.add_parser("revoke", help="revoke an API key")
    gone.add_argument("key", help="the key as it was shown")
    dead = commands.add_parser("deadletters", help="records that could not be handled")
    dead.add_argument("action", choices=("list", "replay"))
    keys = commands.add_parser("rotate-keys", help="change the keys that sign access tokens and the links in messages")
    made = commands.add_parser("provision", help="create or update a stage's tables, topics, queues and secrets on AWS")
    made.add_argument("--stage", required=True)
    for command in (key, gone, dead, keys):
        command.add_argument("--stage", default="local", help="default: %(default)s")
    return parser


def _run(given: argparse.Namespace, console: Console) -> int:
    # Imported here: all read the stage's settings when they are first used.
    from chalicelib.accounts import keys
    from chalicelib.core import aws
    from infra import deadletters

    match given.command, getattr(given, "action", None):
        case "key", _:
            airports = _airports(given.airports)
            secret = keys.make(given.name, given.scopes.split(","), airports, wall_now())
            console.print(f"The key of {given.name} for {', '.join(airports)}, shown this once:", soft_wrap=True)
            print(secret)
        case "revoke", _:
            keys.revoke_shown(given.key, wall_now())
            console.print("Revoked: it opens nothing any more.")
        case "deadletters", "list":
            deadletters.show(console)
        case "deadletters", "replay":
            return 1 if deadletters.replay(console) else 0
        case "rotate-keys", _:
            for name in ("link-keys", "token-keys"):
                secrets.rotate(given.stage, name, aws.client("ssm"))
            console.print("Links and access tokens are signed with other keys, within five minutes. Those of before "
                          "stay good until the next rotation; nobody is logged out.", soft_wrap=True)  # fmt: skip
    return 0


def _airports(text: str) -> list[str]:
    places = {code.strip(): airport(code.strip()) for code in text.split(",") if code.strip()}
    unknown = [code for code, place in places.items() if place is None]
    if unknown or not places:
        raise Invalid(f"--airports: {', '.join(unknown) or 'nothing'} is no airport; name some such as WSI or EWR,JFK")
    return [place.iata or place.icao for place in places.values() if place]


if __name__ == "__main__":
    sys.exit(main())
