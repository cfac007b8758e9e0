"""The HTML of emails: `frame.html` beside this file is around all of them, and every value is escaped."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def html(package: str, template: str, **shown: object) -> str:
    """An email's HTML by a template of a package, which extends `frame.html`: without empty lines, as it is sent."""
    page = _templates(package).get_template(template).render(**shown)
    return "\n".join(line for line in map(str.strip, page.splitlines()) if line) + "\n"


@cache
def _templates(package: str) -> "Environment":
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("chalicelib.channels", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
