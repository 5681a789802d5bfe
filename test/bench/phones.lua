-- SPDX-License-Identifier: Apache-2.0
-- GET requests of OFFHOOK_PHONES phones in turn, each for its own file below OFFHOOK_PATH; prints the 99th percentile in
-- microseconds at the end.
local phones = tonumber(os.getenv("OFFHOOK_PHONES"))
local path = os.getenv("OFFHOOK_PATH")
local sent = 0

request = function()
  sent = sent + 1
  return wrk.format("GET", path .. string.format("00908f%06x.cfg", sent % phones))
end

done = function(summary, latency)
  io.write(string.format("p99 %d\n", latency:percentile(99)))
end
