"""Which image a task gets: the policy in a tag's extra, and what is taken where there is none."""
