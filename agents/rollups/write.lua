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
for _, command in ipairs(cmsgpack.unpack(ARGV[2])) do
  redis.call(unpack(command))
end
return 1
