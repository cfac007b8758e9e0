"""What Gatecall costs, measured and printed as tables (`make bench`). Nothing here is asserted."""

from datetime import UTC, datetime

NOON = datetime(2026, 7, 10, 16, tzinfo=UTC)  # at New York
CLOCK = f"{NOON.isoformat()}*0"  # FLIGHT_CLOCK: stands still
