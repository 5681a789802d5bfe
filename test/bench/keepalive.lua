-- SPDX-License-Identifier: Apache-2.0
-- wrk's posts: each phone's report in turn. OFFHOOK_CHANGING=1 has every phone change its status from round to round.
local phones = tonumber(os.getenv("OFFHOOK_PHONES"))
local changing = os.getenv("OFFHOOK_CHANGING") == "1"
local first = tonumber(os.getenv("OFFHOOK_ROUND"))
local body = '{"sessionId":"1f2e3d4c","emsUserName":"system","emsUserPassword":"0123456789abcdef0123456789abcdef",'
  .. '"mac":"00908f%06x","ip":"127.0.0.1","subnet":"255.0.0.0","model":"440HD","fwVersion":"2.2.16.704",'
  .. '"userAgent":"AUDC-IPPhone/2.2.16.704 (440HD-Rev0; 00908F%06X)","userName":"user%d","userId":"user%d@example.com",'
  .. '"status":"%s","phoneNumber":"%d","location":"","sipProxy":"10.1.0.9"}'
local at = 0

request = function()
  local phone = at % phones
  local round = first + math.floor(at / phones)
  at = at + 1
  local status = (changing and round % 2 == 1) and "unregistered" or "registered"
  return wrk.format("POST", nil, nil, body:format(phone, phone, phone, phone, status, 4000 + phone))
end
