-- Takes a lane over. KEYS: state, outbox. ARGV: owner, the name of this claim.
local held = redis.call('HMGET', KEYS[1], 'version', 'owner', 'state')
local version = held[1] or '0'
-- A client that lost the answer and asked again must not fence itself.
if held[2] ~= ARGV[1] then
  version = string.format('%.0f', tonumber(version) + 1)
  redis.call('HSET', KEYS[1], 'version', version, 'owner', ARGV[1], 'token', '')
end
return {version, held[3], redis.call('LRANGE', KEYS[2], 0, -1)}
