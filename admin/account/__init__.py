"""The reader's account: zone and colours, the password, API tokens, notifications; and people, for admins."""

from admin.account import channel, messages, people, profile, tokens

TABS = (profile, tokens, messages, channel, people)  # importing them adds their views
