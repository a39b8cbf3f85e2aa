local Point = {}
Point.__index = Point
function Point.new(x, y) return setmetatable({ x = x, y = y }, Point) end
function Point:plus(other)
  return Point.new((self.x + other.x) % 10007, (self.y + other.y) % 10009)
end
function Point:sum() return self.x + self.y end
local function run(n)
  local p, step, s, i = Point.new(1, 2), Point.new(3, 5), 0, 0
  while i < n do
    p = p:plus(step)
    step.x = i % 7
    s = (s + p:sum()) % 1000003
    i = i + 1
  end
  return s
end
print(run(500000))
