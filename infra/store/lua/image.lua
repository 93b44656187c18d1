-- What customers are at this moment, packed; stands before the scripts that need it. KEYS as in infra/store/keys.py.
local function images(ids, ring, separator)
  local packed = {}
  -- Lua passes at most some thousand arguments at once.
  for start = 1, #ids, 500 do
    local stop = math.min(start + 499, #ids)
    local records = redis.call('HMGET', KEYS[2], unpack(ids, start, stop))
    local books = redis.call('HMGET', KEYS[3], unpack(ids, start, stop))
    local totals = redis.call('HMGET', KEYS[6], unpack(ids, start, stop))
    for i = start, stop do
      local total, decisions = tonumber(totals[i - start + 1] or '0'), {}
      if total > 0 then
        local places = {}
        for n = math.max(total - ring, 0), total - 1 do
          places[#places + 1] = ids[i] .. separator .. (n % ring)
        end
        decisions = redis.call('HMGET', KEYS[6], unpack(places))
      end
      local timer = redis.call('ZSCORE', KEYS[4], ids[i])
      packed[i] = cmsgpack.pack({records[i - start + 1], books[i - start + 1], timer, decisions})
    end
  end
  return packed
end

