local function run(rounds)
  local words, numbers, s = {}, {}, 0
  for i = 1, 200 do words["word" .. i] = i end
  for i = 1, 200 do numbers[i] = i end
  for _ = 1, rounds do
    for _, value in pairs(words) do s = s + value end
    for _, n in ipairs(numbers) do s = s + n end
    for i = 1, 200 do s = s + i end
  end
  return s
end
print(run(4000))
