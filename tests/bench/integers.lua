local function run(n)
  local s, i = 0, 0
  while i < n do
    local j = 0
    while j < n do
      s = (s * 31 + i * j + 7) % 1000003
      j = j + 1
    end
    i = i + 1
  end
  return s
end
print(run(2000))
