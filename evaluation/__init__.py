"""What the recogniser can and cannot do: `make evaluate` writes docs/model-card.md."""
