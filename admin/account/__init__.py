"""The reader's account: zone and colours, the password, API tokens, notifications; and people, for admins."""

from admin.account import channel, messages, people, profile, sign_ins, tokens

TABS = (profile, sign_ins, tokens, messages, channel, people)  # importing them adds their views
