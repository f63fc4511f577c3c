/**
 * Answers gRPC health checks of a benchmark in a process of its own, with the official library. Prints its port and
 * ends with its standard input.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';

const identity = (bytes: Buffer): Buffer => bytes;
const SERVING = Buffer.from([8, 1]);

const server = new Server();
server.addService(
  {
    Check: {
      path: '/grpc.health.v1.Health/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  { Check: (_call: unknown, answer: (error: null, bytes: Buffer) => void) => answer(null, SERVING) },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
process.stdin.resume().once('end', () => process.exit(0));
