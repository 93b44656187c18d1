-- Writes a batch of one partition. KEYS: its positions. ARGV: the positions it goes on from, its commands, both packed.
-- Answers 0 where another keeper has written meanwhile, and has written nothing then.
local before, missing = cmsgpack.unpack(ARGV[1]), 0
for _ in pairs(before) do
  missing = missing + 1
end
local held = redis.call('HGETALL', KEYS[1])
for i = 1, #held, 2 do
  if before[held[i]] ~= held[i + 1] then
    return 0
  end
  missing = missing - 1
end
if missing ~= 0 then
  return 0
end

local function count(places, standing, by)
  redis.call('HINCRBY', places, 'tier.' .. standing[1], by)
  redis.call('HINCRBY', places, 'stage.' .. standing[2], by)
end

-- Notes where a customer stands now, nowhere if that is empty, and counts them there instead of where they stood.
local function stand(standings, places, customer, now)
  local was = redis.call('HGET', standings, customer)
  if was then
    count(places, cmsgpack.unpack(was), -1)
  end
  if now == '' then
    redis.call('HDEL', standings, customer)
  else
    redis.call('HSET', standings, customer, now)
    count(places, cmsgpack.unpack(now), 1)
  end
end

for _, command in ipairs(cmsgpack.unpack(ARGV[2])) do
  if command[1] == 'STAND' then
    stand(command[2], command[3], command[4], command[5])
  else
    redis.call(unpack(command))
  end
end
return 1
