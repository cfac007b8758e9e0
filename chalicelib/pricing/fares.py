"""What a seat costs now, and why."""

from chalicelib.pricing.model import Extra, FareRules, Line, Party, Price, Step, TravellerKind

__all__ = ["Extra", "FareRules", "Line", "Party", "Price", "Step", "TravellerKind"]
