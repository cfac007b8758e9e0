"""What a WebSocket's client does: it connects, says what it wants to watch, and goes."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

from chalicelib.core.clock import Now
from chalicelib.core.errors import Conflict, GatecallError, Invalid, NotFound, Unavailable
from chalicelib.core.telemetry import logger
from chalicelib.live import messages, store, wire
from chalicelib.live.catch_up import catch_up
from chalicelib.live.model import CONNECTION_LIFE, LEASE, MAX_TOPICS, Connection
from chalicelib.live.wire import Post, Sent

# Seconds to wait, each time, for the handler of an earlier message of the same client.
TURNS = (0.1, 0.2, 0.4, 0.8, 1.6, 1.6, 1.6, 1.6)


def connect(connection_id: str, domain_name: str, stage: str, now: Now) -> None:
    """Remember a connection, and where to write to it. Raises Unavailable."""
    expires = int((now.wall + CONNECTION_LIFE).timestamp())
    store.connect(Connection(connection_id, wire.callback(domain_name, stage), expires))
    logger.info("connected", connection=connection_id)


def disconnect(connection_id: str) -> None:
    """Forget a connection, and what it watched. Raises Unavailable."""
    even_expired = datetime.fromtimestamp(0, UTC)
    store.forget(store.connections([connection_id], even_expired))
    logger.info("disconnected", connection=connection_id)


def receive(
    connection_id: str,
    domain_name: str,
    stage: str,
    text: str | None,
    now: Now,
    *,
    sleep: Callable[[float], None],
    post: Post = wire.post,
) -> None:
    """Do what a client says, and answer; what can't be done is answered with an error (`messages`)."""
    try:
        answer = _do(messages.understand(text or ""), connection_id, now, sleep, post)
    except GatecallError as problem:
        answer = messages.refusal(problem)
        logger.info("a client was refused", connection=connection_id, kind=type(problem).__name__)
    if answer and post(connection_id, wire.callback(domain_name, stage), answer) is Sent.GONE:
        disconnect(connection_id)


def _do(
    said: messages.Watching | messages.Ping,
    connection_id: str,
    now: Now,
    sleep: Callable[[float], None],
    post: Post,
) -> bytes | None:
    """Returns the answer, after all else was sent; None for a client that does not take what it is sent."""
    if isinstance(said, messages.Ping):
        return messages.pong(now.flight) if _caught_up(connection_id, now, sleep, post) else None
    topics = frozenset(said.topics)
    watch, unwatch = (topics, frozenset[str]()) if said.action == "watch" else (frozenset[str](), topics)
    before, held = _take_turn(connection_id, watch, unwatch, now, sleep)
    store.unwatch(connection_id, unwatch)
    taken = catch_up(held, known_to_pushers=not before.never_held, now=now, sleep=sleep, post=post)
    return messages.watching(held.topics) if taken else None


def _caught_up(connection_id: str, now: Now, sleep: Callable[[float], None], post: Post) -> bool:
    """Send what a client was too slow for, unless somebody does already. Returns whether it takes messages."""
    connection = _known(connection_id, now)
    if connection.owed and not connection.held(now.wall):
        with suppress(Conflict):
            held = store.take(connection, uuid4().hex, now.wall, now.wall + LEASE)
            return catch_up(held, known_to_pushers=True, now=now, sleep=sleep, post=post)
    return True


def _take_turn(
    connection_id: str,
    watch: frozenset[str],
    unwatch: frozenset[str],
    now: Now,
    sleep: Callable[[float], None],
) -> tuple[Connection, Connection]:
    """Hold a connection, which then watches topics or watches them no more. Returns it as it was and as it then is."""
    hold = uuid4().hex
    for pause in (*TURNS, None):
        connection = _known(connection_id, now)
        if connection.hold == hold:  # we took it, and the answer was lost
            return connection, connection
        if not connection.held(now.wall):
            if len(connection.topics | watch) > MAX_TOPICS:
                raise Invalid(
                    f"a connection watches at most {MAX_TOPICS} topics; with these it would be "
                    f"{len(connection.topics | watch)}: unwatch some first"
                )
            with suppress(Conflict):
                until = now.wall + LEASE
                return connection, store.take(connection, hold, now.wall, until, watch=watch, unwatch=unwatch)
        if pause is not None:
            sleep(pause)
    raise Unavailable("an earlier message of this connection is still being answered", retry_after=5)


def _known(connection_id: str, now: Now) -> Connection:
    found = store.connections([connection_id], now.wall)
    if not found:
        raise NotFound("this connection is not known any more; connect again, and watch again")
    return found[0]
