local function sieve(n)
  local flags, i, count = {}, 0, 0
  while i <= n do
    flags[#flags + 1] = true
    i = i + 1
  end
  i = 2
  while i <= n do
    if flags[i + 1] then
      count = count + 1
      local j = i + i
      while j <= n do
        flags[j + 1] = false
        j = j + i
      end
    end
    i = i + 1
  end
  return count + #flags
end
print(sieve(1000000))
