local function filter(t, f)
  local out = {}
  for _, x in ipairs(t) do if f(x) then out[#out + 1] = x end end
  return out
end
local function map(t, f)
  local out = {}
  for i, x in ipairs(t) do out[i] = f(x) end
  return out
end
local function reduce(t, a, f)
  for _, x in ipairs(t) do a = f(a, x) end
  return a
end
local function run(rounds)
  local numbers, s = {}, 0
  for i = 1, 1000 do numbers[i] = (i * 7919) % 1009 end
  for _ = 1, rounds do
    local even = filter(numbers, function(x) return x % 2 == 0 end)
    local twice = map(even, function(x) return x * 2 end)
    s = (s + reduce(twice, 0, function(a, b) return a + b end)) % 1000003
  end
  return s
end
print(run(300))
