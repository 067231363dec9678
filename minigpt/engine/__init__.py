"""What makes the class fast and safe: caches, checkpoints, progress, safe files. A student need not open it."""
