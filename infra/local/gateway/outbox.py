"""The outbox as a page at /local/outbox, and as JSON at /local/outbox.json: for this machine only, and no part of the
app. Whatever a message holds is shown as text; an email's HTML stands in a frame of its own where no script runs.
"""  # fmt: skip

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from infra.local.outbox import ICONS, Message, Outbox

PATH = "/local/outbox"


def application(outbox: Outbox) -> Starlette:
    """The ASGI application that answers below /local/. Only by the names of this machine: no page elsewhere may read
    it by a name of its own that leads here (DNS rebinding).
    """  # fmt: skip

    def page(request: Request) -> Response:
        after = request.query_params.get("after", "")
        if after.isascii() and after.isdigit():
            return HTMLResponse(_articles(outbox.messages(int(after))), headers=_headers("default-src 'none'"))
        nonce = secrets.token_urlsafe(16)
        policy = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
            "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        shown = _articles(outbox.messages())
        text = _PAGE.replace("{nonce}", nonce).replace("{articles}", shown)
        return HTMLResponse(text, headers=_headers(policy))

    def messages(_: Request) -> Response:
        told = [asdict(each) | {"at": each.at.isoformat()} for each in outbox.messages()]
        return JSONResponse(told, headers=_headers("default-src 'none'"))

    def email(request: Request) -> Response:
        number = request.path_params["number"]
        found = [each for each in outbox.messages(number - 1) if each.number == number and each.html]
        if not found:
            return Response("There is no such email any more.", 404)
        policy = (
            "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
            "style-src 'unsafe-inline'; img-src https: data:; form-action 'none'; frame-ancestors 'self'"
        )
        return HTMLResponse(_opening_beside(found[0].html), headers=_headers(policy))

    return Starlette(
        routes=[
            Route(PATH, page),
            Route(f"{PATH}.json", messages),
            Route(f"{PATH}/{{number:int}}.html", email),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1"])],
    )


def _opening_beside(html: str) -> str:
    """An email whose links open beside the outbox."""
    base = '<base target="_blank">'
    before, head, after = html.partition("<head>")
    return before + head + base + after if head else base + html


def _headers(policy: str) -> Mapping[str, str]:
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _articles(messages: Sequence[Message]) -> str:
    return "\n".join(_article(message, first=place == 0) for place, message in enumerate(messages))


def _article(message: Message, *, first: bool) -> str:
    """A message as HTML; the first of several is open."""
    at = message.at.astimezone()
    parts = [f'<p class="about">{escape(message.about)}</p>' if message.about else ""]
    if message.html:
        title = escape(message.title, quote=True)
        parts.append(
            f'<iframe src="{PATH}/{message.number}.html" title="{title}" loading="lazy" '
            'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"></iframe>'
        )
        parts.append(f"<details><summary>Text</summary><pre>{_linked(message.text)}</pre></details>")
    else:
        kind = ' class="bubble"' if message.channel == "sms" else ""
        parts.append(f"<pre{kind}>{_linked(message.text)}</pre>")
    if message.headers:
        rows = "".join(
            f"<dt>{escape(name)}</dt><dd>{_linked(value)}</dd>" for name, value in message.headers.items()
        )  # fmt: skip
        parts.append(f"<details><summary>Headers</summary><dl>{rows}</dl></details>")
    return (
        f'<details class="message {message.channel}" data-number="{message.number}"{" open" * first}>'
        f'<summary><span class="icon" title="{message.channel}">{ICONS[message.channel]}</span>'
        f'<span class="title">{escape(message.title)}</span>'
        f'<span class="to">{message.channel} to {escape(message.to)}</span>'
        f'<time datetime="{at.isoformat()}">{at:%H:%M:%S}</time></summary>{"".join(parts)}</details>'
    )


def _linked(text: str) -> str:
    """Text as HTML, its web addresses as links."""
    pieces = re.split(r"(https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]}])", text)
    return "".join(
        f'<a href="{escape(piece, quote=True)}" target="_blank" rel="noopener">{escape(piece)}</a>'
        if place % 2
        else escape(piece)
        for place, piece in enumerate(pieces)
    )


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Outbox · Gatecall</title>
<style nonce="{nonce}">
:root { --ground: #f3f4f6; --card: #fff; --ink: #16181d; --faint: #5f6673; --line: #dfe2e8; --accent: #0b62d6;
  --bubble: #e3f0ff; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --ground: #101216; --card: #1a1d23; --ink: #e9ebef; --faint: #9aa2b1;
  --line: #2c313a; --accent: #77b0ff; --bubble: #1d3450; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.45 system-ui, sans-serif; }
header { position: sticky; top: 0; z-index: 1; display: flex; gap: .75rem; align-items: baseline;
  padding: .75rem max(1rem, calc(50vw - 24rem)); background: var(--ground); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.1rem; }
#state { margin-left: auto; color: var(--faint); font-size: .85rem; }
main { max-width: 50rem; margin: 0 auto; padding: 1rem; }
a { color: var(--accent); }
.message { margin: 0 0 .6rem; border: 1px solid var(--line); border-radius: .7rem; background: var(--card);
  overflow: hidden; }
.message > summary { display: grid; grid-template-columns: 2rem minmax(0, 1fr) auto; gap: 0 .5rem;
  padding: .65rem .9rem; cursor: pointer; list-style: none; }
.message > summary::-webkit-details-marker { display: none; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; border-radius: .7rem; }
.icon { grid-row: span 2; font-size: 1.25rem; }
.title { font-weight: 600; overflow-wrap: anywhere; }
.sms .title { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.to { grid-column: 2 / -1; color: var(--faint); font-size: .85rem; overflow-wrap: anywhere; }
.message > summary time { grid-column: 3; grid-row: 1; color: var(--faint); font-size: .85rem;
  font-variant-numeric: tabular-nums; }
.message > :not(summary) { margin: 0; padding: .6rem .9rem; border-top: 1px solid var(--line); }
.about { color: var(--faint); font-size: .85rem; }
iframe { display: block; width: 100%; height: 26rem; padding: 0 !important; border: 0; background: #fff; }
@media (prefers-color-scheme: dark) { iframe { background: #16181d; } }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; font: .85rem/1.5 ui-monospace, monospace; }
.message > .bubble { margin: .9rem; padding: .6rem .9rem; width: fit-content; max-width: min(26rem, 100% - 1.8rem);
  border: 0; border-radius: 1.1rem 1.1rem 1.1rem .25rem; background: var(--bubble); font: inherit; }
.message details summary { cursor: pointer; color: var(--faint); font-size: .85rem; }
.message details pre, .message details dl { margin: .5rem 0 0; }
dl { display: grid; grid-template-columns: minmax(6rem, auto) 1fr; gap: .2rem .8rem; font-size: .85rem; }
dt { color: var(--faint); overflow-wrap: anywhere; } dd { margin: 0; overflow-wrap: anywhere; }
#empty { color: var(--faint); text-align: center; padding: 3rem 1rem; }
#empty code { display: block; margin: .8rem auto 0; max-width: fit-content; padding: .5rem .8rem;
  overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .5rem; background: var(--card);
  color: var(--ink); }
.message ~ #empty { display: none; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } main { padding: .6rem; } }
</style>
</head>
<body>
<header><h1>✈ Outbox</h1><span id="state" role="status"></span></header>
<main aria-live="polite">{articles}
<p id="empty">Nothing has left yet. Follow a flight:
<code>python -m infra.local follow UA1545 --email me@example.com</code></p></main>
<script nonce="{nonce}">
const main = document.querySelector("main"), state = document.querySelector("#state");
const newest = () => Number(main.querySelector(".message")?.dataset.number ?? 0);
function fit(frame) {
  const grow = () => {
    frame.style.height = 0;
    frame.style.height = frame.contentDocument.documentElement.scrollHeight + "px";
  };
  const begin = () => { grow(); new ResizeObserver(grow).observe(frame.contentDocument.body); };
  frame.addEventListener("load", begin);
  const there = frame.contentDocument;
  if (there?.readyState === "complete" && there.URL !== "about:blank") begin();  // it was quicker than this script
}
main.querySelectorAll("iframe").forEach(fit);
async function look() {
  try {
    const answer = await fetch("/local/outbox?after=" + newest());
    const box = document.createElement("template");
    box.innerHTML = await answer.text();
    box.content.querySelectorAll("iframe").forEach(fit);
    main.prepend(box.content);
    state.textContent = "live";
  } catch { state.textContent = "the cloud does not answer"; }
}
setInterval(() => document.hidden || look(), 1000);
document.addEventListener("visibilitychange", () => document.hidden || look());
look();
</script>
</body>
</html>
"""
