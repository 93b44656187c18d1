-- Some of those who changed since the copy began, as they were then. KEYS: before.
-- ARGV: name of the copy, milliseconds of patience, cursor, count.
if redis.call('HGET', KEYS[1], ' ') ~= ARGV[1] then
  return {}
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local found = redis.call('HSCAN', KEYS[1], ARGV[3], 'COUNT', ARGV[4])
local ids, kept = {}, {}
for i = 1, #found[2], 2 do
  if found[2][i] ~= ' ' then
    ids[#ids + 1] = found[2][i]
    kept[#kept + 1] = found[2][i + 1]
  end
end
return {found[1], ids, kept}
