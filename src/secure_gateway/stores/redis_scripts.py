"""What the Redis store does in one step: Lua, which the server runs while nobody else is served.

A table is a few keys with one hash tag. ``e``: values by key, ``x``: when those of them end that do, ``g``: its generation;
``v``, ``n``: the journal's values and names by place, ``k``: the newest place of each name, ``p``: the last and the first place.
"""

from __future__ import annotations

from typing import Final

_NOW: Final = """
local function now(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1e6
end
"""

_LIVING: Final = (
    _NOW
    + """
local function purge(at)
  while true do
    local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', at, 'LIMIT', 0, 1000)
    if #gone == 0 then return end
    redis.call('HDEL', KEYS[1], unpack(gone))
    redis.call('ZREM', KEYS[2], unpack(gone))
  end
end
local function count()
  if redis.call('EXISTS', KEYS[3]) == 1 then redis.call('INCR', KEYS[3]) else redis.call('SET', KEYS[3], ARGV[2]) end
end
purge(string.format('%.6f', now(ARGV[1])))
"""
)

# KEYS: e x g. ARGV: now, seed of the generation, key, value, end or '', whether only where nothing is.
WRITE: Final = (
    _LIVING
    + """
if ARGV[6] == '1' and redis.call('HEXISTS', KEYS[1], ARGV[3]) == 1 then return 0 end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
if ARGV[5] == '' then redis.call('ZREM', KEYS[2], ARGV[3]) else redis.call('ZADD', KEYS[2], ARGV[5], ARGV[3]) end
count()
return 1
"""
)

# KEYS: e x g. ARGV: now, seed, key.
DELETE: Final = (
    _LIVING
    + """
if redis.call('HDEL', KEYS[1], ARGV[3]) == 0 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[3])
count()
return 1
"""
)

# KEYS: e x v k. ARGV: now, key.
GET: Final = (
    _NOW
    + """
local value = redis.call('HGET', KEYS[1], ARGV[2])
if value then
  local ends = redis.call('ZSCORE', KEYS[2], ARGV[2])
  if not ends or tonumber(ends) > now(ARGV[1]) then return value end
end
local place = redis.call('HGET', KEYS[4], ARGV[2])
return place and redis.call('HGET', KEYS[3], place)
"""
)

# KEYS: e x. ARGV: now, prefix. Read only: what has ended is left out here, and removed by whoever writes.
SCAN: Final = (
    _NOW
    + """
local ended = {}
local at = string.format('%.6f', now(ARGV[1]))
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', at)) do ended[key] = true end
local flat, found = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #flat, 2 do
  if not ended[flat[i]] and string.sub(flat[i], 1, #ARGV[2]) == ARGV[2] then
    found[#found + 1] = flat[i]
    found[#found + 1] = flat[i + 1]
  end
end
return found
"""
)

# KEYS: v n k p. ARGV: keep, how many there were, then those that are kept: key, value, key, value …
APPEND: Final = """
local keep, given, kept = tonumber(ARGV[1]), tonumber(ARGV[2]), (#ARGV - 2) / 2
local last = redis.call('HINCRBY', KEYS[4], 'last', given)
local place = last - kept
for i = 3, #ARGV, 2 do
  place = place + 1
  redis.call('HSET', KEYS[1], place, ARGV[i + 1])
  redis.call('HSET', KEYS[2], place, ARGV[i])
  redis.call('HSET', KEYS[3], ARGV[i], place)
end
local first = tonumber(redis.call('HGET', KEYS[4], 'first') or '1')
for at = first, last - keep do
  local name = redis.call('HGET', KEYS[2], at)
  if name then
    if redis.call('HGET', KEYS[3], name) == tostring(at) then redis.call('HDEL', KEYS[3], name) end
    redis.call('HDEL', KEYS[1], at)
    redis.call('HDEL', KEYS[2], at)
  end
end
redis.call('HSET', KEYS[4], 'first', math.max(first, last - keep + 1))
return last
"""

# KEYS: v n p. ARGV: limit.
RECENT: Final = """
local last = tonumber(redis.call('HGET', KEYS[3], 'last') or '0')
local first = tonumber(redis.call('HGET', KEYS[3], 'first') or '1')
local found = {}
for at = last, math.max(first, last - tonumber(ARGV[1]) + 1), -1 do
  local name = redis.call('HGET', KEYS[2], at)
  if name then
    found[#found + 1] = name
    found[#found + 1] = redis.call('HGET', KEYS[1], at)
  end
end
return found
"""

# The arithmetic of stores/rates.py. KEYS: one for each claim. ARGV: now, then of each claim: algorithm, limit, seconds, capacity, lifetime.
# All are judged before one is counted. Returns the index of the claim that waits longest, or -1, and how long in microseconds.
ADMIT: Final = (
    _NOW
    + """
local at, refused, longest, writes = now(ARGV[1]), -1, 0, {}
local function text(number) return string.format('%.6f', number) end
for i, key in ipairs(KEYS) do
  local base = 2 + (i - 1) * 5
  local algorithm, limit, seconds = ARGV[base], tonumber(ARGV[base + 1]), tonumber(ARGV[base + 2])
  local capacity, lifetime = tonumber(ARGV[base + 3]), tonumber(ARGV[base + 4])
  local wait = 0
  if algorithm == 'fixed_window' then
    local start, used = math.floor(at / seconds) * seconds, 0
    local known = redis.call('HMGET', key, 's', 'u')
    local since = known[1] and tonumber(known[1])
    if since and start - 1e-6 <= since and since <= start + seconds then start, used = since, tonumber(known[2]) end
    if used >= limit then wait = math.max(start + seconds - at, 1e-3)
    else writes[i] = function() redis.call('HSET', key, 's', text(start), 'u', used + 1) end end
  elseif algorithm == 'token_bucket' then
    local known = redis.call('HMGET', key, 't', 'l')
    local tokens, last = capacity, at
    if known[1] then tokens, last = tonumber(known[1]), tonumber(known[2]) end
    if last - at > lifetime then tokens, last = capacity, at end
    tokens = math.min(capacity, tokens + math.max(0, at - last) * limit / seconds)
    last = math.max(last, at)
    if tokens < 1 - 1e-9 then wait = (1 - tokens) * seconds / limit + last - at
    else writes[i] = function() redis.call('HSET', key, 't', string.format('%.12f', tokens - 1), 'l', text(last)) end end
  else
    while true do
      local first = redis.call('LINDEX', key, 0)
      if not first or (tonumber(first) > at - seconds and tonumber(first) <= at + seconds) then break end
      redis.call('LPOP', key)
    end
    local size = redis.call('LLEN', key)
    if size >= limit then wait = math.max(tonumber(redis.call('LINDEX', key, size - limit)) + seconds - at, 1e-3)
    else writes[i] = function() redis.call('RPUSH', key, text(math.max(at, tonumber(redis.call('LINDEX', key, -1) or at)))) end end
  end
  if wait > longest then refused, longest = i - 1, wait end
end
if refused >= 0 then return {refused, math.ceil(longest * 1e6)} end
for i, key in ipairs(KEYS) do
  writes[i]()
  redis.call('PEXPIRE', key, math.ceil(tonumber(ARGV[2 + (i - 1) * 5 + 4]) * 2000) + 1000)
end
return {-1, 0}
"""
)
