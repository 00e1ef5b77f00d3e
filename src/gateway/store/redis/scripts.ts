/** What Redis does in one step: each of these is a whole change or none. Keys are named by their first part, so that one server holds all. */

/** Reads everything that gateways keep a copy of. */
export const FIELDS = ['id', 'salt', 'proof', 'config:version', 'config', 'keys:version', 'keys'] as const;

/** Begins a store where there is none. KEYS: state. ARGV: id, salt, proof. */
export const BEGIN = `if redis.call('HSETNX', KEYS[1], 'id', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], 'salt', ARGV[2], 'proof', ARGV[3], 'config:version', 0, 'keys:version', 0)
end return 1`;

/** Writes one part, if nobody wrote it since. KEYS: state. ARGV: id, part, version, value, channel. Answers the new version, or -1. */
export const WRITE = `if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return -1 end
local version = tonumber(redis.call('HGET', KEYS[1], ARGV[2] .. ':version') or '0')
if version ~= tonumber(ARGV[3]) then return -1 end
redis.call('HSET', KEYS[1], ARGV[2] .. ':version', version + 1, ARGV[2], ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[2])
return version + 1`;

/** Gives it another key, if it has the one before and nobody wrote since. KEYS: state. ARGV: id, proof before, version, salt, proof, config, channel. */
export const REKEY = `if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'proof') ~= ARGV[2] then return -1 end
local version = redis.call('HGET', KEYS[1], 'config:version')
if tonumber(version) ~= tonumber(ARGV[3]) then return -1 end
redis.call('HSET', KEYS[1], 'left:salt', redis.call('HGET', KEYS[1], 'salt'), 'left:proof', ARGV[2])
redis.call('HSET', KEYS[1], 'salt', ARGV[4], 'proof', ARGV[5], 'config', ARGV[6], 'config:version', version + 1)
redis.call('PUBLISH', ARGV[7], 'config')
return version + 1`;

/**
 * Puts back what a server lost that came back empty or older, also in the place of a new store that was begun there meanwhile and
 * never written. KEYS: state. ARGV: id, salt, proof, channel, and version and value of config and keys.
 */
export const PUT_BACK = `local id = redis.call('HGET', KEYS[1], 'id')
if id and id ~= ARGV[1] then
  local versions = redis.call('HMGET', KEYS[1], 'config:version', 'keys:version')
  if tonumber(versions[1] or '0') > 0 or tonumber(versions[2] or '0') > 0 then return 0 end
  redis.call('DEL', KEYS[1])
  id = false
end
if not id then redis.call('HSET', KEYS[1], 'id', ARGV[1], 'salt', ARGV[2], 'proof', ARGV[3]) end
for at, part in ipairs({ 'config', 'keys' }) do
  local version = tonumber(redis.call('HGET', KEYS[1], part .. ':version') or '-1')
  if version < tonumber(ARGV[3 + 2 * at]) then
    redis.call('HSET', KEYS[1], part .. ':version', ARGV[3 + 2 * at], part, ARGV[4 + 2 * at])
    if part == 'config' then redis.call('HSET', KEYS[1], 'salt', ARGV[2], 'proof', ARGV[3]) end
    redis.call('PUBLISH', ARGV[4], part)
  end
end
return 1`;

/** How what was sent is known to be done: by the number of the last one of whoever sends, who sends one after the other. */
const ONCE = `local isNew = tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1])
if isNew then redis.call('SET', KEYS[1], ARGV[1], 'PX', 86400000) end
`;

/**
 * Writes calls and sums, once, however often it is sent. KEYS: who sends, log, number, days. ARGV: the number of what is sent, where
 * sums are kept, how long in ms, rows of the log at most, how long the log is kept in ms, the number of cells, for each its day, name
 * and seven figures, then the rows.
 */
export const RECORD = `${ONCE}if not isNew then return 0 end
local at = 7
for _ = 1, tonumber(ARGV[6]) do
  local key = ARGV[2] .. ARGV[at]
  for figure = 1, 5 do
    local n = ARGV[at + 1 + figure]
    if n ~= '0' then redis.call('HINCRBY', key, figure .. ARGV[at + 1], n) end
  end
  if ARGV[at + 7] ~= '0' then redis.call('HINCRBYFLOAT', key, '6' .. ARGV[at + 1], ARGV[at + 7]) end
  if ARGV[at + 8] ~= '0' then redis.call('HINCRBY', key, '7' .. ARGV[at + 1], ARGV[at + 8]) end
  redis.call('PEXPIRE', key, ARGV[3])
  redis.call('SADD', KEYS[4], ARGV[at])
  at = at + 9
end
if #ARGV < at then return 1 end
local number = tonumber(redis.call('GET', KEYS[3]) or '0')
if number == 0 then
  -- A server may have evicted it; rows that stand there already go on.
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
  if last then number = tonumber(string.match(last[1], '^%d+')) end
end
for row = at, #ARGV do
  number = number + 1
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], string.format('%d-1', number), 'v', ARGV[row])
end
redis.call('SET', KEYS[3], string.format('%d', number), 'PX', ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return 1`;

/**
 * What client keys used here is added to what they used elsewhere, once, however often it is sent. KEYS: who sends. ARGV: the number
 * of what is sent, where it is kept, and a list of uses as JSON. Answers for each what is left of its two limits, and what was spent
 * in its day and month: no less than what was told before, whatever the server lost since.
 */
export const TALLY = `${ONCE}local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function bucket(key, limit, taken)
  if not limit then return false end
  local kept = redis.call('HMGET', key, 'level', 'at')
  local level = tonumber(kept[1] or limit)
  level = level + math.max(0, now - tonumber(kept[2] or now)) / 60000 * limit
  level = math.min(limit, math.min(limit, level) - taken)
  redis.call('HSET', key, 'level', string.format('%.6f', level), 'at', now)
  redis.call('PEXPIRE', key, math.min(math.ceil((limit - level) / limit * 60000) + 60000, 86400000))
  return string.format('%.6f', level)
end
local function spent(period, name, cost, told)
  local key = ARGV[2] .. 'spent:' .. period
  local total = redis.call('HGET', key, name) or '0'
  if told > tonumber(total) then
    total = string.format('%.12f', told)
    redis.call('HSET', key, name, total)
    redis.call('EXPIRE', key, 6048000)
  end
  if cost == 0 then return total end
  total = redis.call('HINCRBYFLOAT', key, name, string.format('%.12f', cost))
  redis.call('EXPIRE', key, 6048000)
  return total
end
local answers = {}
for at, use in ipairs(cjson.decode(ARGV[3])) do
  local calls, tokens, cost = use.calls, use.tokens, use.cost
  if not isNew then calls, tokens, cost = 0, 0, 0 end
  answers[at] = {
    bucket(ARGV[2] .. 'calls:' .. use.id, use.perMinute.calls, calls),
    bucket(ARGV[2] .. 'tokens:' .. use.id, use.perMinute.tokens, tokens),
    spent(use.day, use.name, cost, use.told.day),
    spent(use.month, use.name, cost, use.told.month),
  }
end
return cjson.encode(answers)`;
