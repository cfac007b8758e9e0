"""Deploys a stage: provision, chalice deploy and tune, in this order; what is done already is not done again."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Timer

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from infra import stages, webapp
from infra.deploy import Refused

# Of one run of Chalice. A first deploy with its roles takes about five minutes; but it sends the package once for each
# function, which is 800 MB, and takes 20 minutes where 5 Mbit a second go out.
LIMIT = timedelta(minutes=60)

Chalice = Callable[[list[str], Callable[[str], None]], int]  # its arguments, who is told its lines; its exit code


def deploy(
    stage: str,
    console: Console,
    *,
    alarms_to: str | None = None,
    domain: str | None = None,
    certificate: str | None = None,
    chalice: Chalice | None = None,
) -> None:
    """Bring the stage to what stands in this checkout. Raises Refused, and leaves what is done: run it again then.

    `chalice` runs Chalice; by default as a program of this interpreter's.
    """
    import boto3

    from infra.deploy import lock, provision, recorded, stacks, tune, web

    stacks.check_name(stage)
    with suppress(webapp.NoNode):  # tune says so
        web.build(console)  # before anything: what fails in it leaves the stage as it is
    columns = SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        steps = [progress.add_task(name, start=False, total=1) for name in ("provision", "chalice deploy", "tune")]
        _begin(progress, steps, 0)
        provision.provision(stage, console, alarms_to=alarms_to, domain=domain, certificate=certificate)
        bucket, s3 = stacks.outputs(stage, boto3.client("cloudformation"))["Bucket"], boto3.client("s3")
        with lock.alone(stage, bucket, s3, "deploy"):
            _begin(progress, steps, 1)
            recorded.restore(stage, bucket, s3)  # again: somebody may have deployed meanwhile
            _make_log_groups(stage)
            try:
                _run_chalice(stage, console, chalice or run_chalice)
            finally:
                recorded.save(stage, bucket, s3)
            _begin(progress, steps, 2)
            tune.tune(stage, console)
    console.print(
        f"{stage} is deployed. Whether it is well: .venv/bin/python -m infra doctor --stage {stage}", soft_wrap=True
    )


def run_chalice(arguments: list[str], say: Callable[[str], None]) -> int:
    """Run Chalice in this project by this interpreter; `say` is told each line. Returns its exit code.

    Chalice packs what Python compiled in chalicelib too: without that, the same code is the same package everywhere.
    """
    program = "import sys; from chalice.cli import main; sys.argv[0] = 'chalice'; sys.exit(main())"
    root = stages.CONFIG.parent.parent
    for compiled in (root / "chalicelib").rglob("__pycache__"):
        shutil.rmtree(compiled, ignore_errors=True)
    with subprocess.Popen(
        [sys.executable, "-u", "-c", program, "--project-dir", str(root), *arguments],
        cwd=root, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        end = Timer(LIMIT.total_seconds(), process.kill)
        end.start()
        try:
            for line in process.stdout or ():
                say(line.rstrip())
            return process.wait()
        except KeyboardInterrupt:  # whoever holds the stage after us must not meet a Chalice that is still at it
            process.terminate()
            process.wait()
            raise
        finally:
            end.cancel()


def _make_log_groups(stage: str) -> None:
    """Make those that Chalice would take for there: it looks for what begins with the name, such as fan_out_at_once's
    for fan_out's, and then fails at setting how long it is kept. So it would be after a deploy that stopped midway.
    """  # fmt: skip
    import boto3

    from infra.deploy import tuning

    logs = boto3.client("logs")
    prefix = f"/aws/lambda/gatecall-{stage}-"
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    there = {group["logGroupName"] for page in pages for group in page["logGroups"]}
    for name in (prefix + function.name for function in tuning.functions(stage)):
        if name not in there and any(each.startswith(name) for each in there):
            logs.create_log_group(logGroupName=name)


def _begin(progress: Progress, steps: list[TaskID], number: int) -> None:
    for done in steps[:number]:
        progress.update(done, completed=1)
    progress.start_task(steps[number])
    name = progress.tasks[number].description
    progress.console.print(f"{number + 1} of {len(steps)}: {name}", style="bold", highlight=False)


def _run_chalice(stage: str, console: Console, chalice: Chalice) -> None:
    """Package, and deploy what was packaged. Raises Refused.

    The package comes first and by itself: Chalice only warns of a dependency that it found no wheel of, and would
    deploy without it. What it packaged is kept in .chalice/deployments, and is what it deploys then.
    """
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if line.strip() and "Lambda ARN: " not in line:  # of each function; it was named when it was made
            console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)

    with tempfile.TemporaryDirectory() as out:
        code = chalice(["package", "--stage", stage, out], say)
    lacks = next((number for number, line in enumerate(said) if "Could not install dependencies" in line), None)
    if lacks is not None:
        for file in (stages.CONFIG.parent / "deployments").glob("*.zip"):
            file.unlink()  # or Chalice would use it the next time, and warn of nothing
        names = ", ".join(line.strip() for line in said[lacks + 1 :] if line.strip())
        raise Refused(f"the package would lack dependencies that have no wheel for Lambda: {names}. Nothing was "
                      "deployed")  # fmt: skip
    if code != 0:
        raise Refused(f"chalice package ended with code {code}; nothing was deployed. Its last lines say why")
    code = chalice(["deploy", "--stage", stage], say)
    if code != 0:
        raise Refused(f"chalice deploy ended with code {code}; its last lines say why. What it did stays; deploy again")
