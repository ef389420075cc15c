"""The installation, broken on purpose: each row is a module that says how often something was lost or let in."""
