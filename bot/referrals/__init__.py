"""Self-referral with a receipt: sealed tickets, the unit's keys, and the two ends that use them."""
