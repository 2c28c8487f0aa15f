"""What is said next, in which words, and what is remembered meanwhile."""
