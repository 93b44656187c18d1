-- Begins to copy a lane as it is now. KEYS: state, outbox, before. ARGV: name of the copy, milliseconds of patience.
redis.call('UNLINK', KEYS[3])
redis.call('HSET', KEYS[3], ' ', ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'version', 'state')
return {held[1], held[2], redis.call('LRANGE', KEYS[2], 0, -1)}
