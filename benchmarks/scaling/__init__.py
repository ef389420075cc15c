"""What an installation costs by passage, shard and node, and what that gives at sizes that no machine here holds."""
