"""What people are told, in their language: every message that leaves, and the words of the pages behind its links.

All texts of a language stand in one file beside this one: `en.toml` says how to read and change them. `story` chooses
the sentences that a flight's news make; a file for each channel puts them together as the channel takes them.
"""

from chalicelib.alerts.words.email import EmailWords, Links, confirm_email, email_of
from chalicelib.alerts.words.push import confirm_push, push_of
from chalicelib.alerts.words.sms import confirm_sms, sms_of
from chalicelib.alerts.words.state import State, state_of
from chalicelib.alerts.words.story import Due, due_of
from chalicelib.alerts.words.texts import due_texts, language_names, page_texts, subject_label
from chalicelib.alerts.words.webhook import confirm_webhook, webhook_of

__all__ = [
    "Due",
    "EmailWords",
    "Links",
    "State",
    "confirm_email",
    "confirm_push",
    "confirm_sms",
    "confirm_webhook",
    "due_of",
    "due_texts",
    "email_of",
    "language_names",
    "page_texts",
    "push_of",
    "sms_of",
    "state_of",
    "subject_label",
    "webhook_of",
]
