"""Pages for people behind the links in messages. They need no script and load nothing: whoever has the link may act.

A capability's `pages.html` extends `page.html` beside this file; every value is escaped.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.core.errors import NotFound, TooMany, Unavailable
from chalicelib.core.routes import Document
from chalicelib.core.signed import BadLink

if TYPE_CHECKING:
    from jinja2 import Template

_STYLE = """
:root{color-scheme:light dark;
--back:#eef1f4;--card:#fff;--ink:#1d2429;--soft:#55606a;--line:#cfd6dc;--act:#0b5cad;--on:#fff}
@media(prefers-color-scheme:dark){
:root{--back:#16181b;--card:#22262a;--ink:#eceff1;--soft:#b3bcc3;--line:#434a50;--act:#8ec5ff;--on:#10222f}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:36rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:0}
section{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:1rem 0}
section p{color:var(--soft);margin:.25rem 0 .75rem}
.notice{background:var(--card);border-inline-start:.25rem solid var(--act);padding:.75rem 1rem}
label{display:block;margin:.75rem 0}label.choice{margin:0;padding:.5rem 0}
fieldset{border:1px solid var(--line);border-radius:.5rem;margin:.75rem 0}
summary{padding:.5rem 0;cursor:pointer}
input:not([type=checkbox]),select{display:block;width:100%;font:inherit;color:inherit;background:var(--back);
border:1px solid var(--soft);border-radius:.5rem;padding:.5rem;min-height:2.75rem}
input[type=checkbox]{width:1.25rem;height:1.25rem;vertical-align:middle}
button{display:block;width:100%;font:inherit;font-weight:600;color:var(--on);background:var(--act);
border:1px solid var(--act);border-radius:.5rem;padding:.5rem 1rem;min-height:2.75rem;margin:.75rem 0;cursor:pointer}
a{color:var(--act)}.ends{display:flex;flex-wrap:wrap;gap:0 1.5rem}.ends>div{flex:1 1 12rem}
dl{margin:.25rem 0 .75rem}dt{color:var(--soft);font-size:.9rem}dd{margin:0 0 .4rem}
h3{font-size:1rem;margin:.75rem 0 .25rem}ul{margin:.25rem 0;padding-inline-start:1.25rem}
button.quiet{color:var(--act);background:transparent}
[hidden]{display:none!important}
:focus-visible{outline:.2rem solid var(--act);outline-offset:.1rem}
"""
_STYLE_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def page(
    package: str, language: str, t: Mapping[str, str], *, heading: str, notice: str | None, status: int, **shown: Any
) -> Document:
    """A page of a capability, by its package: its `pages.html` with `shown`.

    `t` has its texts in the language; `heading` and `notice` name one each.
    """
    body = _template(package).render(
        language=language, t=t, title=t[heading], style=_style(), notice=t[notice] if notice else None, **shown
    )
    return Document(body, "text/html; charset=utf-8", status, HEADERS)


def page_or_why_not(make: Callable[[], Document], said: Callable[[str, int], Document]) -> Document:
    """A page, or one that says to a person why not: `said` is given the notice, `link_invalid` or `try_later`."""
    try:
        return make()
    except (BadLink, NotFound):
        return said("link_invalid", 404)
    except (TooMany, Unavailable) as error:
        why = said("try_later", 429 if isinstance(error, TooMany) else 503)
        return Document(why.body, why.content_type, why.status, {**why.headers, "Retry-After": str(error.retry_after)})


def _style() -> str:
    from markupsafe import Markup

    return Markup(_STYLE)  # ours, and hashed as it is


@cache
def _template(package: str) -> "Template":
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loader = ChoiceLoader([PackageLoader(package, "."), PackageLoader("chalicelib.core", ".")])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("pages.html")
