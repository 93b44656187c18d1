-- Loads what a batch needs. KEYS: customers, orders, timers.
-- ARGV: packed ids whose records, packed ids whose order books, due until ('' for no timers), limit of timers.
local function values(key, ids)
  if #ids == 0 then
    return {}
  end
  return redis.call('HMGET', key, unpack(ids))
end

local due, who = {}, {}
if ARGV[3] ~= '' then
  due = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[3], 'WITHSCORES', 'LIMIT', 0, ARGV[4])
  for i = 1, #due, 2 do
    who[#who + 1] = due[i]
  end
end
return {
  values(KEYS[1], cmsgpack.unpack(ARGV[1])),
  values(KEYS[2], cmsgpack.unpack(ARGV[2])),
  due,
  values(KEYS[1], who),
  values(KEYS[2], who),
}
