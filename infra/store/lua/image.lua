-- What scripts share that read or write recent decisions; stands before them. KEYS as in infra/store/keys.py.
-- The recent decisions of a customer, the oldest first, from what lies under the id: all of them in one value, as each
-- field of its own takes as much again. Programs of before wrote a count there, and a ring of fields beside it.
local function recent(id, held, ring, separator)
  local total = tonumber(held or '0')
  if not total then
    return cmsgpack.unpack(held)
  end
  local places = {}
  for n = math.max(total - ring, 0), total - 1 do
    places[#places + 1] = id .. separator .. (n % ring)
  end
  return #places > 0 and redis.call('HMGET', KEYS[6], unpack(places)) or {}
end

-- What customers are at this moment, packed.
local function images(ids, ring, separator)
  local packed = {}
  -- Lua passes at most some thousand arguments at once.
  for start = 1, #ids, 500 do
    local stop = math.min(start + 499, #ids)
    local records = redis.call('HMGET', KEYS[2], unpack(ids, start, stop))
    local books = redis.call('HMGET', KEYS[3], unpack(ids, start, stop))
    local held = redis.call('HMGET', KEYS[6], unpack(ids, start, stop))
    for i = start, stop do
      local decisions = recent(ids[i], held[i - start + 1], ring, separator)
      local timer = redis.call('ZSCORE', KEYS[4], ids[i])
      packed[i] = cmsgpack.pack({records[i - start + 1], books[i - start + 1], timer, decisions})
    end
  end
  return packed
end

