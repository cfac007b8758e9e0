"""What keeps the house plan true: cheap checks that run on every change."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import app as the_map
from chalicelib.core import config, openapi
from chalicelib.core.callers import Callers
from chalicelib.core.routes import DECLARED

ROOT = Path(__file__).parents[2]
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text())
STORES = sorted((ROOT / "chalicelib").glob("*/store.py"))

# Heavy, and needed by no request or by few: they are imported where they are first used.
HEAVY = {
    "boto3",
    "moto",
    "jinja2",
    "rich",
    "airportsdata",
    "pandas",
    "numpy",
    "PIL",
    "yaml",
    "aws_xray_sdk",
}


def test_every_trigger_but_routes_stands_in_app_py() -> None:
    """Lambda imports the module that a handler stands in; only app.py puts the whole app together."""
    triggers = [
        *the_map.app.event_sources,
        *the_map.app.websocket_handlers.values(),
        *the_map.app.pure_lambda_functions,
    ]
    assert triggers
    assert [t.handler_string for t in triggers if not t.handler_string.startswith("app.")] == []


def test_every_route_comes_from_a_capabilitys_api_and_says_who_may_call_it() -> None:
    """A route that declares nothing does not start."""
    entries = [entry for methods in the_map.app.routes.values() for entry in methods.values()]
    assert entries
    for entry in entries:
        route = getattr(entry.view_function, DECLARED)
        assert re.fullmatch(r"chalicelib\.\w+\.api", route.view.__module__)
        assert isinstance(route.callers, Callers)


def test_importing_the_app_loads_nothing_heavy() -> None:
    """Modules are counted, not seconds."""
    script = "import sys, app; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert HEAVY & set(run.stdout.split()) == set()


def test_every_setting_is_in_the_config_file_and_in_the_readme() -> None:
    """An admin finds each name where it is set and where it is explained."""
    names = config.names()
    assert len(names) >= 10
    for stage in CONFIG["stages"].values():
        assert names == set(CONFIG["environment_variables"]) | set(stage["environment_variables"])
    readme = (ROOT / "README.md").read_text()
    assert [name for name in names if name not in readme] == []


def test_every_metric_is_in_the_readme() -> None:
    """Who operates a stage finds what each number means."""
    sources = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    metrics = set(re.findall(r'\b(?:count|gauge)\("(\w+)"', sources))
    assert len(metrics) >= 10
    assert [name for name in metrics if name not in (ROOT / "README.md").read_text()] == []


@pytest.mark.parametrize("store", STORES, ids=lambda path: path.parent.name)
def test_every_public_function_of_a_store_is_in_its_table_of_access_patterns(store: Path) -> None:
    """The table is where a reader finds how a thing is kept."""
    tree = ast.parse(store.read_text())
    functions = [f.name for f in tree.body if isinstance(f, ast.FunctionDef) and not f.name.startswith("_")]
    table = [line for line in (ast.get_docstring(tree) or "").splitlines() if line.startswith("|")]
    decoders = {name for name in functions if name.endswith("_of_image")}  # of stream records: no access
    assert [name for name in functions if not any(f"`{name}`" in line for line in table) and name not in decoders] == []


@pytest.mark.parametrize("store", STORES, ids=lambda path: path.parent.name)
def test_every_stores_table_says_how_long_its_items_live(store: Path) -> None:
    """Nothing stays for ever without a reason."""
    docstring = ast.get_docstring(ast.parse(store.read_text())) or ""
    assert re.search(r"lives?\b|stay|expire", docstring)


def test_every_item_says_its_schema_and_is_upgraded_on_read() -> None:
    """All rows that pynamodb writes are `Rows` (core/tables.py)."""
    sources = {path: path.read_text() for path in (ROOT / "chalicelib").rglob("*.py")}
    rows = [line for text in sources.values() for line in re.findall(r"^class \w+\((?:Model|Rows)\):", text, re.M)]
    assert sorted(set(rows)) == ["class Rows(Model):", "class _Row(Rows):"]


def test_nothing_but_the_config_reads_the_environment() -> None:
    """One place says what a deployment is told."""
    readers = [
        str(path.relative_to(ROOT))
        for path in [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")]
        if re.search(r"\bos\.(environ|getenv)", path.read_text())
    ]
    assert readers == ["chalicelib/core/config.py"]


def test_no_scans() -> None:
    """Nothing that a user or a schedule triggers reads a whole table."""
    users = [
        path for path in (ROOT / "chalicelib").rglob("*.py") if re.search(r"\.scan\(|\.count\(\)", path.read_text())
    ]
    assert users == []


def test_the_openapi_document_is_valid_and_tells_of_every_route() -> None:
    """OpenAPI 3.1."""
    from openapi_spec_validator import validate

    document = openapi.document(openapi.routes_of(the_map.app), "0")
    validate(document)
    assert set(document["paths"]) == set(the_map.app.routes)


def test_the_imports_point_upstream() -> None:
    """import-linter holds the arrows of the plan (pyproject.toml)."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout


def test_the_web_apps_packages_are_locked_for_every_machine() -> None:
    """`npm ci` refuses a lock without those for other machines; npm leaves out what its registry does not have."""
    packages = json.loads((ROOT / "infra" / "web" / "package-lock.json").read_text())["packages"]
    wanted = [(path, name) for path, of in packages.items() for name in of.get("optionalDependencies", ())]
    assert len(wanted) > 30
    assert [
        name for path, name in wanted if not {f"node_modules/{name}", f"{path}/node_modules/{name}"} & packages.keys()
    ] == []
    assert [path for path, of in packages.items() if "resolved" in of] == [], "each machine asks its own registry"
