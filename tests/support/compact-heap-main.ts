/** Prints how large a heap with holes is after it was compacted, and what of it is in use. */
import { compactHeap } from '#lib/runtime/compact-heap.ts';
import { print } from './print.ts';

const OBJECTS = 600_000;
/** Of so many objects so many stay: no page becomes empty, and each keeps holes. */
const [OF, STAY] = [9, 5];

let all: { readonly index: number }[] = [];
for (let index = 0; index < OBJECTS; index += 1) all.push({ index });
// Into the old generation, side by side.
globalThis.gc?.();
globalThis.gc?.();
all = all.filter((_, index) => index % OF < STAY);
const isWorthAnother = [compactHeap(), compactHeap(), compactHeap()];
const { heapTotal, heapUsed } = process.memoryUsage();
print(JSON.stringify({ kept: all.length, heapTotal, heapUsed, isWorthAnother }));
