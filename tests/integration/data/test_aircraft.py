"""The table of aircraft: made from the package, as it stands in the repository."""

from infra.data.aircraft import TARGET, text


def test_the_table_in_the_repository_is_the_one_the_package_gives() -> None:
    """Exactly the seats of `planes`, for every tail number of the day that it lists; to the byte."""
    assert TARGET.read_text() == text(), "make it again: python -m infra.data.aircraft"
