"""A generation whose shards are held by the nodes of a cluster, and searched there."""
