/**
 * Loaded into a program before its own code (`node --import`): each SIGUSR2 sets what the program takes for the wall
 * clock to the machine's plus the hours that the file of SWH_CLOCK_HOURS holds. Monotonic time, timers and the clock of
 * the machine itself are left alone; certificates are checked against the machine's clock too.
 */
import { readFileSync } from 'node:fs';

const HOUR_MS = 3_600_000;
const MachineDate = Date;
let shiftMs = 0;

class SteppedDate extends MachineDate {
  constructor(...given: readonly unknown[]) {
    // Whatever Date takes is passed on.
    super(...((given.length === 0 ? [SteppedDate.now()] : given) as [number]));
  }

  static override now(): number {
    return MachineDate.now() + shiftMs;
  }
}

// A program that calls Date without `new` would fail, and not go on with the wrong time.
globalThis.Date = SteppedDate as DateConstructor;

process.on('SIGUSR2', () => {
  shiftMs = HOUR_MS * Number(readFileSync(process.env['SWH_CLOCK_HOURS'] ?? '', 'utf8'));
});
