-- Sends a template whose every SLOT becomes a fresh number, and prints one JSON line.
-- Arguments: template file, first number, then header lines ("Name: value").

local pieces, slots, number = {}, 0, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local template = file:read("*a")
  file:close()
  number = tonumber(args[2])
  wrk.method = "POST"
  for i = 3, #args do
    local name, value = args[i]:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  local from = 1
  while true do
    local first, last = template:find("@SLOT@", from, true)
    if not first then break end
    pieces[#pieces + 1] = template:sub(from, first - 1)
    pieces[#pieces + 1] = ""
    slots = slots + 1
    from = last + 1
  end
  pieces[#pieces + 1] = template:sub(from)
end

function request()
  for i = 1, slots do
    number = number + 1
    pieces[2 * i] = string.format("%.0f", number)
  end
  return wrk.format(nil, nil, nil, table.concat(pieces))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "refused": %d, "broken": %d, '
      .. '"p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
