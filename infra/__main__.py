"""python -m infra: what an admin does to a stage. `--stage local` is the one that runs on this machine."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from chalicelib.accounts.model import OF_AIRPORTS, PREFIX, SCOPES
from chalicelib.airports.lookup import airport
from chalicelib.channels.model import LANGUAGES
from chalicelib.core.clock import instant, wall_now
from chalicelib.core.config import Misconfigured
from chalicelib.core.errors import GatecallError, Invalid
from infra import secrets, stages
from infra.deploy import Refused
from infra.local.cloud import NotRunning

TERMINAL = "terminal"  # where the audit trail says a command came from


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the arguments ask for. Returns the exit code."""
    given = _parser().parse_args(arguments)
    if region := os.environ.get("AWS_REGION"):  # AWS's other tools go by it before the other; boto3 by the other alone
        os.environ["AWS_DEFAULT_REGION"] = region
    console = Console()
    try:
        if given.command in _ON_AWS:
            return _ON_AWS[given.command](given, console)
        stages.enter(given.stage)
        return _run(given, console)
    except (
        stages.NoSuchStage, NotRunning, Refused, Misconfigured, BotoCoreError, ClientError, GatecallError,
    ) as problem:  # fmt: skip
        cause = _cause(problem)
        console.print(str(cause) + _advice(cause), style="red", markup=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        console.print("Stopped. What is done stays done; run it again to go on.", style="red", soft_wrap=True)
        return 130


def _cause(problem: Exception) -> Exception:
    """What AWS or boto3 said, where the app has put it into words for those who call its API: `the tables are busy`."""
    cause: BaseException | None = problem
    while cause:
        if isinstance(cause, BotoCoreError | ClientError):
            said: Exception = cause
            return said
        cause = getattr(cause, "cause", None) or cause.__cause__  # pynamodb has the one, Python the other
    return problem


def _advice(problem: Exception) -> str:
    """What to do about what AWS or boto3 says."""
    code = problem.response["Error"]["Code"] if isinstance(problem, ClientError) else type(problem).__name__
    match code:
        case "NoCredentialsError" | "PartialCredentialsError":
            return ". Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        case "NoRegionError":
            return " Set AWS_REGION, such as eu-central-1."
        case "ExpiredToken" | "ExpiredTokenException" | "InvalidClientTokenId" | "UnrecognizedClientException":
            return ". These credentials are not good, or no more: log in again."
        case "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation":
            return ". What deploying takes stands in infra/github.yaml."
        case "ResourceNotFoundException" | "QueueDoesNotExist" | "AWS.SimpleQueueService.NonExistentQueue":
            return (" (if it is there, AWS_PROFILE and AWS_REGION are not its: `.venv/bin/python -m infra doctor` says "
                    "whose)")  # fmt: skip
    return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    admin = commands.add_parser("admin", help="make somebody an admin; of a stage that has none, the first")
    admin.add_argument("--email", required=True, help="the address of who is to be one")
    admin.add_argument("--language", default="en", choices=LANGUAGES, help="of a new account (default: %(default)s)")
    key = commands.add_parser(
        "key", help="make an API key for an airport system, or for a scraper of metrics; it is shown this once"
    )
    key.add_argument("--name", required=True, help="which boards name its feed by, such as wsi-aodb")
    key.add_argument(
        "--airports", default="", help="the airports it speaks for, such as WSI or EWR,JFK; for feeds:aidx"
    )
    key.add_argument(
        "--scopes", default="feeds:aidx", help=f"what it may do: {', '.join(SCOPES)} (default: %(default)s)"
    )
    known = commands.add_parser("keys", help="list the API keys, revoked ones too")
    anew = commands.add_parser("rotate-key", help="make an API key that may do the same; the former one ends in 7 days")
    anew.add_argument("id", help="the former key's id, as `keys` lists it")
    gone = commands.add_parser("revoke", help="revoke an API key")
    gone.add_argument("key", help="its id, as `keys` lists it, or the key as it was shown")
    dead = commands.add_parser("deadletters", help="records that could not be handled")
    dead.add_argument("action", choices=("list", "replay"))
    signing = commands.add_parser(
        "rotate-keys", help="change the keys that sign access tokens and the links in messages"
    )
    for command in (admin, key, known, anew, gone, dead, signing):
        command.add_argument("--stage", default="local", help="default: %(default)s")
    _add_commands_on_aws(commands)
    return parser


def _add_commands_on_aws(commands: Any) -> None:
    """What deploys a stage, and what looks after it there: none of these is for the stage `local`."""
    everything = commands.add_parser("deploy", help="provision, chalice deploy and tune, in this order")
    made = commands.add_parser("provision", help="create or update a stage's tables, topics, queues and secrets on AWS")
    for command in (everything, made):
        command.add_argument("--alarms-to", metavar="ADDRESS", help="the email address that alarms are sent to")
        command.add_argument("--domain", help="its own name, such as flights.example.com, with --certificate")
        command.add_argument(
            "--certificate", metavar="ARN", help='its certificate: of ACM, in us-east-1; "" takes one back'
        )
    kept = commands.add_parser("secrets", help="make a stage's secrets, where its template is deployed by other means")
    tuned = commands.add_parser("tune", help="set what Chalice cannot, after every deploy; `deploy` does it too")
    packed = commands.add_parser("package", help="make one CloudFormation template of everything, and the package")
    packed.add_argument("--out", required=True, type=Path, metavar="DIR", help="where to")
    seen = commands.add_parser("doctor", help="say what is wrong with a deployed stage, and what to do")
    seen.add_argument("--quiet", action="store_true", help="only what is wrong")
    before = commands.add_parser("rollback", help="put back the package that was deployed before")
    gone = commands.add_parser("destroy", help="take a stage away: everything, the data too")
    gone.add_argument("--name", help="the stack's name, such as gatecall-prod; without it, it is asked for")
    for command in (everything, made, kept, tuned, packed, seen, before, gone):
        command.add_argument("--stage", required=True, help="such as dev or prod")
    built = commands.add_parser("web", help="build the web app where it changed, or run its own linters or tests")
    built.add_argument("what", nargs="?", choices=("build", "lint", "test"), default="build")
    theirs = commands.add_parser("licences", help="list whose work is deployed, and under which licence")
    theirs.add_argument(
        "package", nargs="?", type=Path, help="a package (zip or directory); default: what is installed"
    )


def _deploy(given: argparse.Namespace, console: Console) -> int:
    from infra.deploy import deploy

    deploy.deploy(given.stage, console, alarms_to=given.alarms_to, domain=given.domain, certificate=given.certificate)
    _note("deployed", given.stage, console)
    return 0


def _provision(given: argparse.Namespace, console: Console) -> int:
    from infra.deploy import provision

    provision.provision(
        given.stage, console, alarms_to=given.alarms_to, domain=given.domain, certificate=given.certificate
    )
    return 0


def _make_secrets(given: argparse.Namespace, console: Console) -> int:
    import boto3

    from infra.deploy import stacks

    stacks.check_name(given.stage)
    made = secrets.make(given.stage, boto3.client("ssm"))
    console.print("\n".join(f"{name} made." for name in made) or "nothing to do", highlight=False, soft_wrap=True)
    return 0


def _tune(given: argparse.Namespace, console: Console) -> int:
    from infra.deploy import tune

    tune.tune(given.stage, console)
    return 0


def _package(given: argparse.Namespace, console: Console) -> int:
    from infra.deploy import package

    package.package(given.stage, given.out, console)
    return 0


def _examine(given: argparse.Namespace, console: Console) -> int:
    from infra import doctor

    return 1 if doctor.examine(given.stage, console, quiet=given.quiet) else 0


def _roll_back(given: argparse.Namespace, console: Console) -> int:
    from infra.deploy import rollback

    rollback.rollback(given.stage, console)
    _note("rolled-back", given.stage, console)
    return 0


def _destroy(given: argparse.Namespace, console: Console) -> int:
    from infra.deploy import destroy

    destroy.destroy(given.stage, console, given.name, begun=lambda: _note("destroyed", given.stage, console))
    return 0


def _web(given: argparse.Namespace, console: Console) -> int:
    import subprocess

    from infra import webapp

    try:
        with webapp.telling(console) as say:
            if given.what != "build":
                command = [*webapp.prepare(say), given.what]
            elif not webapp.build(say):
                console.print("The web app is built already: nothing to do.", soft_wrap=True)
    except webapp.NotBuilt as reason:
        if given.what == "build":
            raise Refused(f"The web app is not built: {reason}") from None
        if isinstance(reason, webapp.NoNode) and not os.environ.get("CI"):
            console.print(f"Skipped: {given.what} of the web app, as {reason}", style="yellow", soft_wrap=True)
            return 0
        raise Refused(f"{given.what} of the web app can't be run: {reason}") from None
    return subprocess.run(command, check=False).returncode if given.what != "build" else 0


def _show_licences(given: argparse.Namespace, console: Console) -> int:
    from infra import licences

    return 1 if licences.show(console, given.package) else 0


_ON_AWS: dict[str, Callable[[argparse.Namespace, Console], int]] = {
    "deploy": _deploy, "provision": _provision, "secrets": _make_secrets, "tune": _tune, "package": _package,
    "doctor": _examine, "rollback": _roll_back, "destroy": _destroy, "web": _web, "licences": _show_licences,
}  # fmt: skip


def _run(given: argparse.Namespace, console: Console) -> int:
    # Imported here: all read the stage's settings when they are first used.
    from chalicelib.accounts import keys
    from chalicelib.core import aws
    from infra import deadletters

    match given.command, getattr(given, "action", None):
        case "admin", _:
            _make_admin(given, console)
        case "key", _:
            scopes = given.scopes.split(",")
            airports = _airports(given.airports) if given.airports or set(scopes) & set(OF_AIRPORTS) else []
            secret = keys.make(given.name, scopes, airports, wall_now(), client=TERMINAL)
            speaks_for = f" for {', '.join(airports)}" if airports else ""
            console.print(f"The key of {given.name}{speaks_for}, shown this once:", soft_wrap=True)
            print(secret)
        case "keys", _:
            _show_keys(console)
        case "rotate-key", _:
            secret, key = keys.rotate(given.id, wall_now(), client=TERMINAL)
            ends = instant(key.made_at + keys.OVERLAP)
            console.print(f"The new key of {key.name}, shown this once; the former one ends at {ends}:",
                          soft_wrap=True)  # fmt: skip
            print(secret)
        case "revoke", _:
            revoke = keys.revoke_shown if given.key.startswith(PREFIX) else keys.revoke
            revoke(given.key, wall_now(), client=TERMINAL)
            console.print("Revoked: it opens nothing any more.")
        case "deadletters", "list":
            deadletters.show(console)
        case "deadletters", "replay":
            _tell("dead-letters-replayed", given.stage)
            return 1 if deadletters.replay(console) else 0
        case "rotate-keys", _:
            for name in ("link-keys", "token-keys"):
                secrets.rotate(given.stage, name, aws.client("ssm"))
            _tell("keys-rotated", given.stage)
            console.print("Links and access tokens are signed with other keys, within five minutes. Those of before "
                          "stay good until the next rotation; nobody is logged out.", soft_wrap=True)  # fmt: skip
    return 0


def _tell(what: str, stage: str) -> None:
    """Note in the audit trail what was done to a stage."""
    from chalicelib.accounts import audit
    from chalicelib.accounts.model import Event

    audit.record(Event(wall_now(), what, None, f"stage:{stage}", TERMINAL), wall_now())


def _note(what: str, stage: str, console: Console) -> None:
    """Note in the audit trail what was done to a stage, if its tables are there."""
    try:
        stages.enter(stage)
        _tell(what, stage)
    except (stages.NoSuchStage, GatecallError, BotoCoreError, ClientError) as problem:
        console.print(f"The audit trail does not say so: {problem}", markup=False, soft_wrap=True)


def _make_admin(given: argparse.Namespace, console: Console) -> None:
    from chalicelib.accounts import links, people
    from chalicelib.accounts.model import Account
    from chalicelib.core.urls import public_url

    made = people.make_admin(given.email, given.language, TERMINAL, wall_now())
    if isinstance(made, Account):
        console.print(
            "This address has an account: it is an admin's now, with the password that it has.", soft_wrap=True
        )
        return
    url = links.url(made)
    token = url.partition("token=")[2]
    until = instant(datetime.fromtimestamp(made.expires, UTC))
    if public_url():
        console.print(f"Whoever opens this link sets a password, and is an admin. Shown this once; good once, until "
                      f"{until}:", soft_wrap=True)  # fmt: skip
        print(url)
        return
    console.print("PUBLIC_URL is not set, and this stage has no web app yet: there is no page on which to set a "
                  "password. Post this, with a password of 12 characters or more in it, to /v1/accounts/confirmation "
                  f"at the stage's address. Shown this once; good once, until {until}:", soft_wrap=True)  # fmt: skip
    print(json.dumps({"token": token, "password": ""}))


def _show_keys(console: Console) -> None:
    from chalicelib.accounts import keys

    now, found = wall_now(), keys.every()
    others = (Column(name, overflow="fold") for name in ("name", "scopes", "airports", "made", "state"))
    table = Table(Column("id", no_wrap=True), *others)  # whole: other commands ask for it
    for key in found:
        state = "good"
        if key.revoked:
            state = "revoked"
        elif key.ends_at:
            state = ("ends " if key.holds(now) else "ended ") + instant(datetime.fromtimestamp(key.ends_at, UTC))
        table.add_row(*map(escape, (key.id, key.name, ",".join(key.scopes), ",".join(key.airports),
                                    instant(key.made_at), state)))  # fmt: skip
    console.print(table if found else "There are no API keys yet.")
    console.print("A key made before keys were listed stands here from when it is next used.", soft_wrap=True)


def _airports(text: str) -> list[str]:
    places = {code.strip(): airport(code.strip()) for code in text.split(",") if code.strip()}
    unknown = [code for code, place in places.items() if place is None]
    if unknown or not places:
        wrong = f"{', '.join(unknown)} is no airport" if unknown else "a key for feeds:aidx speaks for some"
        raise Invalid(f"--airports: {wrong}; name them, such as WSI or EWR,JFK")
    return [place.iata or place.icao for place in places.values() if place]


if __name__ == "__main__":
    for each in (signal.SIGTERM, signal.SIGHUP):  # a CI's cancel, a terminal that is closed: as Ctrl-C, all in order
        signal.signal(each, signal.default_int_handler)
    sys.exit(main())
