-- What the store's clock says. KEYS: any key of a lane, to find a node.
-- Returns seconds since 1970 and microseconds.

return redis.call('TIME')
