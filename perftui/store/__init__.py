"""What outlives a tick: the history of this session, the journal of changes, and the files they live in."""
