// pipe.js ROLE PORT [NAME=VALUE ...] - node as a TLS peer; the same as pipe.py.
'use strict';
const fs = require('fs');
const tls = require('tls');
const [role, port, ...rest] = process.argv.slice(2);
const given = Object.fromEntries(rest.map((word) => word.split(/=(.*)/s).slice(0, 2)));
const read = (name) => (given[name] ? fs.readFileSync(given[name]) : undefined);
const options = {
  ca: read('ca'),
  cert: read('cert'),
  key: read('key'),
  ALPNProtocols: given.alpn ? given.alpn.split(',') : undefined,
  allowHalfOpen: true,
};
if (given.version) options.minVersion = options.maxVersion = 'TLSv' + given.version;

const say = (s) => console.error('open', s.getProtocol(),
  'alpn=' + s.alpnProtocol, 'reused=' + s.isSessionReused());
const fault = (error) => console.error('fault', error.message);

function relay(socket) {
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
  socket.on('end', () => { socket.end(); process.stdin.destroy(); });
}

function connect(again, session) {
  const socket = tls.connect({ ...options, host: '127.0.0.1', port, session,
    servername: given.sni }, () => {
    say(socket);
    if (again === 0) return relay(socket);
    socket.write('x');
  });
  let ticket;
  socket.on('session', (data) => { ticket = data; });
  socket.on('error', (error) => { fault(error); process.exitCode = 1; });
  if (again > 0) {
    socket.once('data', () => { socket.end(); socket.resume(); });
    socket.on('close', () => connect(again - 1, ticket || session));
  }
}

function serve() {
  const more = given.verify ? { requestCert: true, rejectUnauthorized: true } : {};
  const server = tls.createServer({ ...options, ...more }, (socket) => {
    say(socket);
    console.error('sni', socket.servername);
    socket.on('error', fault);
    if (role === 'echo') return socket.pipe(socket);
    server.close();
    return relay(socket);
  });
  server.on('tlsClientError', fault);
  server.listen(Number(port), '127.0.0.1');
}

if (role === 'client') connect(Number(given.again || 0));
else serve();
