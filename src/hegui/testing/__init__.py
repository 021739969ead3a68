"""Public fakes, and the practice model that misbehaves when asked."""
