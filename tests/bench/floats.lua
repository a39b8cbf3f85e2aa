local function mandelbrot(size, limit)
  local inside, y = 0, 0
  while y < size do
    local x, ci = 0, 2.0 * y / size - 1.0
    while x < size do
      local cr, zr, zi, k = 2.0 * x / size - 1.5, 0.0, 0.0, 0
      while k < limit and zr * zr + zi * zi < 4.0 do
        local t = zr * zr - zi * zi + cr
        zi = 2.0 * zr * zi + ci
        zr = t
        k = k + 1
      end
      if k == limit then inside = inside + 1 end
      x = x + 1
    end
    y = y + 1
  end
  return inside
end
print(mandelbrot(200, 100))
