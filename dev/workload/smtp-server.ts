/**
 * The mail server behind a pod, as a program: greets with `220 NAME`, answers EHLO, HELO, NOOP and QUIT.
 * Prints one line when it listens.
 */
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { address: { type: 'string' }, port: { type: 'string' }, name: { type: 'string' } },
});
const { address, port, name } = values;
if (address === undefined || port === undefined || name === undefined) {
  throw new Error('smtp-server needs --address, --port and --name');
}

function replyTo(command: string): string {
  switch (command.trim().split(' ', 1)[0]?.toUpperCase()) {
    case 'EHLO':
    case 'HELO':
      return `250 ${name}`;
    case 'NOOP':
      return '250 OK';
    case 'QUIT':
      return '221 Bye';
    default:
      return '502 Command not implemented';
  }
}

function converse(socket: Socket): void {
  const lines = createInterface({ input: socket });
  // A probe may reset the connection right after it stands; nobody is left to tell.
  socket.on('error', () => socket.destroy());
  lines.on('error', () => socket.destroy());
  socket.write(`220 ${name} ESMTP\r\n`);
  lines.on('line', (line) => {
    const reply = replyTo(line);
    if (reply.startsWith('221')) {
      socket.end(`${reply}\r\n`);
    } else {
      socket.write(`${reply}\r\n`);
    }
  });
}

createServer(converse).listen(Number(port), address, () =>
  console.log(`smtp-server ${name} listens on ${address}:${port} as process ${process.pid}`),
);
process.once('SIGTERM', () => process.exit(0));
