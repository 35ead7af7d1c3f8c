"""The reader's account: zone and colours, the password, API tokens, notifications; and people, for admins."""
