"""The documents for sign-off in docs/governance/: what writes them, and what checks them."""
