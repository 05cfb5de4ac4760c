"""What outlives the process: the journal of a batch and the cache of responses, in SQLite files of one make."""
