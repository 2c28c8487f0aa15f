"""Adapting the sentence encoder, in an environment of its own with PyTorch."""
