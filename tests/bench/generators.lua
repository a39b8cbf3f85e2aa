local function numbers(n)
  return coroutine.wrap(function()
    local i = 0
    while i < n do
      coroutine.yield(i)
      i = i + 1
    end
  end)
end
local function run(n)
  local s, failed = 0, 0
  for i in numbers(n) do s = s + i end
  for i = 1, n // 10 do
    local ok = pcall(function()
      if i % 2 == 1 then error("odd") end
      s = s + 1
    end)
    if not ok then failed = failed + 1 end
  end
  return s + failed
end
print(run(500000))
