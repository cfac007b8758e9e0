"""Deploys a stage to AWS, and takes it away again."""


class Refused(RuntimeError):
    """What was asked for can't be done, and nothing more was; the message says why, and what to do."""
