"""The reader's account: zone and colours, the password, API tokens, notifications; and people, for admins."""

from admin.account import messages, people, profile, tokens

TABS = (profile, tokens, messages, people)  # importing them adds their views
