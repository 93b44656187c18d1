-- Some customers who are what they were when the copy began. KEYS as in infra/store/keys.py.
-- ARGV: name of the copy, milliseconds of patience, cursor, count, length of a ring of decisions, separator of its places.
if redis.call('HGET', KEYS[7], ' ') ~= ARGV[1] then
  return {}
end
redis.call('PEXPIRE', KEYS[7], ARGV[2])
local found = redis.call('HSCAN', KEYS[2], ARGV[3], 'COUNT', ARGV[4])
local ids = {}
for i = 1, #found[2], 2 do
  if redis.call('HEXISTS', KEYS[7], found[2][i]) == 0 then
    ids[#ids + 1] = found[2][i]
  end
end
return {found[1], ids, images(ids, tonumber(ARGV[5]), ARGV[6])}
