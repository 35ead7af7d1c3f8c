"""Amazon Marketing Cloud: accounts, sealed tokens, and the client of its API."""
