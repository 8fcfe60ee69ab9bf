"""Who may do what: users, sessions, hosts, channels, policies."""
