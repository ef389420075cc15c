"""People → callers: by a link, by a provider of their institution, by a proxy in front, by a learning platform."""
