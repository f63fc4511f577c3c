/**
 * Clients as a program: makes the requests of the streams in its first argument (JSON, see TrafficStream) and
 * prints one sample a line. The password of PostgreSQL comes from PGPASSWORD. Ends on SIGTERM, or when
 * every stream has made its count of requests. On SIGINT it begins no further request, lets those under way end, and cuts
 * those short that would last.
 */
import { requestOnce } from './traffic-request.ts';
import { parseStreams, type TrafficSample, type TrafficStream } from './traffic-sample.ts';

/** A slow target makes requests overlap; beyond so many of one stream a turn is left out. */
const MOST_IN_FLIGHT = 64;

const ending = new AbortController();

function print(sample: TrafficSample): void {
  process.stdout.write(`${JSON.stringify(sample)}\n`);
}

function run(stream: TrafficStream): void {
  let inFlight = 0;
  let made = 0;
  const timer = setInterval(async () => {
    if (inFlight >= MOST_IN_FLIGHT) {
      return;
    }
    inFlight += 1;
    made += 1;
    if (made === stream.count) {
      clearInterval(timer);
    }
    const startedAtMs = Date.now();
    const startedMonotonicMs = performance.now();
    const result = await requestOnce(stream, ending.signal);
    inFlight -= 1;
    const latencyMs = Math.round((performance.now() - startedMonotonicMs) * 10) / 10;
    print({ stream: stream.name, startedAtMs, latencyMs, result });
  }, 1000 / stream.ratePerSecond);
  ending.signal.addEventListener('abort', () => clearInterval(timer));
}

process.once('SIGTERM', () => process.exit(0));
process.once('SIGINT', () => ending.abort());
// Without its parent the client has no reader and ends.
process.stdout.on('error', () => process.exit(0));
for (const stream of parseStreams(process.argv[2] ?? '[]')) {
  run(stream);
}
