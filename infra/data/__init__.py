"""Makes the data files that chalicelib carries from the packages pinned in tests/requirements.txt."""
