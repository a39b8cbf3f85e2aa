local function adder(k) return function(x) return (x + k) % 1000003 end end
local function counter()
  local n = 0
  return function() n = n + 1; return n end
end
local function run(n)
  local s, i, next_number = 0, 0, counter()
  while i < n do
    local add = adder(i)
    s = add(s) + next_number()
    i = i + 1
  end
  return s
end
print(run(1000000))
