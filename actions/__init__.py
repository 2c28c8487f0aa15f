"""The agent's custom actions, run inside its process."""
