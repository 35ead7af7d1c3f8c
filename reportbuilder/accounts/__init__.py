"""Who may do what: users, API tokens, grants on instances."""
