// SPDX-License-Identifier: Apache-2.0
// What Node alone takes: reads the body, parses the JSON, says that there is nothing to do. `keepalive-bare.mjs <port>`.
import { createServer } from 'node:http'

const ANSWER = Buffer.from('{"requests":[]}')

const server = createServer((request, response) => {
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    const { mac } = JSON.parse(Buffer.concat(parts).toString())
    response.writeHead(mac ? 200 : 400, { 'Content-Type': 'application/json', 'Content-Length': ANSWER.length })
    response.end(ANSWER)
  })
})
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'))
