-- Commits a batch. KEYS: state, customers, orders, timers, outbox, decisions, before.
-- ARGV: version, owner, token, state, packed changes, length of a ring of decisions, separator of its places.
-- Lua does not roll back, so everything that may refuse stands before the first write.
local version, owner, token = ARGV[1], ARGV[2], ARGV[3]
local after = string.format('%.0f', tonumber(version) + 1)

local held = redis.call('HMGET', KEYS[1], 'version', 'owner', 'token', 'first')
if held[1] ~= version or held[2] ~= owner then
  if held[1] == after and held[2] == owner and held[3] == token then
    return {'repeated', after}
  end
  return {'fenced', held[1] or '0'}
end

local forgotten, records, orders, closed, timers, silenced, decided, decisions, from, entries, published =
  unpack(cmsgpack.unpack(ARGV[5]))

local first = tonumber(held[4] or '1')
local count = redis.call('LLEN', KEYS[5])
local published_here = math.max(0, math.min(published - first + 1, count))
local left = count - published_here
local expected = first + count
-- An empty outbox may go on further ahead: a store rolled back has forgotten sequences that were published.
if #entries > 0 and from ~= expected and not (left == 0 and from > expected) then
  return {'gap', string.format('%.0f', expected)}
end

-- Lua passes at most some thousand arguments at once.
local function call(command, key, items)
  for i = 1, #items, 1000 do
    redis.call(command, key, unpack(items, i, math.min(i + 999, #items)))
  end
end

-- Fields of a ring that a program of before wrote.
local function places_of(ids)
  local fields = {}
  for _, id in ipairs(ids) do
    for place = 0, tonumber(ARGV[6]) - 1 do
      fields[#fields + 1] = id .. ARGV[7] .. place
    end
  end
  return fields
end

local function forget()
  call('HDEL', KEYS[2], forgotten)
  call('HDEL', KEYS[3], forgotten)
  call('ZREM', KEYS[4], forgotten)
  call('HDEL', KEYS[6], forgotten)
  call('HDEL', KEYS[6], places_of(forgotten))
end

-- Of too many goes the oldest of the rule that has most; what stands for its rule is the second byte of a marked entry.
local function cut(kept, ring)
  while #kept > ring do
    local marks, counts, most = {}, {}, 0
    for i, entry in ipairs(kept) do
      marks[i] = string.byte(entry, 1) == 0 and string.byte(entry, 2) or 0
      counts[marks[i]] = (counts[marks[i]] or 0) + 1
      most = math.max(most, counts[marks[i]])
    end
    for i, mark in ipairs(marks) do
      if counts[mark] == most then
        table.remove(kept, i)
        break
      end
    end
  end
end

local function remember_decisions()
  if #decided == 0 then
    return
  end
  local ring = tonumber(ARGV[6])
  local held, older, fields = redis.call('HMGET', KEYS[6], unpack(decided)), {}, {}
  for i, id in ipairs(decided) do
    local kept = recent(id, held[i], ring, ARGV[7])
    for _, entry in ipairs(decisions[i]) do
      kept[#kept + 1] = entry
      cut(kept, ring)
    end
    if tonumber(held[i] or '') then
      older[#older + 1] = id
    end
    fields[#fields + 1] = id
    fields[#fields + 1] = cmsgpack.pack(kept)
  end
  call('HDEL', KEYS[6], places_of(older))
  call('HSET', KEYS[6], fields)
end

-- While somebody copies the lane, whoever changes is kept beside it as she was when the copy began.
local function keep()
  local touched, fresh = {}, {}
  local function touch(items, from, step)
    for i = from, #items, step do
      touched[items[i]] = true
    end
  end
  touch(forgotten, 1, 1)
  touch(records, 1, 2)
  touch(orders, 1, 2)
  touch(closed, 1, 1)
  touch(timers, 2, 2)
  touch(silenced, 1, 1)
  touch(decided, 1, 1)
  for id in pairs(touched) do
    if redis.call('HEXISTS', KEYS[7], id) == 0 then
      fresh[#fresh + 1] = id
    end
  end
  local kept, fields = images(fresh, tonumber(ARGV[6]), ARGV[7]), {}
  for i, id in ipairs(fresh) do
    fields[#fields + 1] = id
    fields[#fields + 1] = kept[i]
  end
  call('HSET', KEYS[7], fields)
end

first = first + published_here
if left == 0 and #entries > 0 then
  first = from
end
-- The first write is one that a full server denies: once a script has written, the server lets it go on.
redis.call('HSET', KEYS[1], 'version', after, 'token', token, 'state', ARGV[4], 'first', string.format('%.0f', first))
if published_here > 0 then
  redis.call('LTRIM', KEYS[5], published_here, -1)
end
if redis.call('EXISTS', KEYS[7]) == 1 then
  keep()
end
call('RPUSH', KEYS[5], entries)
forget()
call('HSET', KEYS[2], records)
call('HSET', KEYS[3], orders)
call('HDEL', KEYS[3], closed)
call('ZADD', KEYS[4], timers)
call('ZREM', KEYS[4], silenced)
remember_decisions()
return {'done', after}
