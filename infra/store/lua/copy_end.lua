-- Ends a copy: nothing is kept for it any longer. KEYS: before. ARGV: name of the copy.
if redis.call('HGET', KEYS[1], ' ') == ARGV[1] then
  redis.call('UNLINK', KEYS[1])
end
return 'done'
