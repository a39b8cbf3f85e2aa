local function run(n)
  local counts, total, distinct, i = {}, 0, 0, 0
  while i < n do
    local line = ("  the quick brown fox %d jumps over the lazy dog %d  "):format(i % 97, i % 13)
    for word in line:gmatch("%S+") do
      if not counts[word] then distinct = distinct + 1 end
      counts[word] = (counts[word] or 0) + 1
      total = total + #word
    end
    i = i + 1
  end
  local s = ""
  i = 0
  while i < 2000 do
    s = s .. "x"
    i = i + 1
  end
  return ("%d %d %d %d"):format(total, distinct, counts["the"], #s)
end
print(run(50000))
