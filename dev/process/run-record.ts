import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One thing that a run made on the machine and that must be gone after it. */
export type RunRecordEntry =
  | { readonly kind: 'process'; readonly name: string; readonly pid: number; readonly startTime: string }
  | { readonly kind: 'netns'; readonly name: string }
  | { readonly kind: 'link'; readonly name: string }
  /** The directory of a control group. */
  | { readonly kind: 'cgroup'; readonly path: string }
  /** The files that `ip netns exec` puts in the place of those in /etc. */
  | { readonly kind: 'netns-files'; readonly netns: string }
  /** A lock file; removed only while it still names this run's process. */
  | { readonly kind: 'lock'; readonly path: string; readonly owner: string };

/** Where the directories of the kind `netns-files` lie, one for each namespace. */
export const netnsFilesRoot = '/etc/netns';

/** The environment variable that every process of a run carries, so that none is missed. */
export const runMarker = 'SWH_RUN';

/** The record of one run: a file of JSON lines, appended to before each creation. */
export function appendRunRecord(runDirectory: string, entry: RunRecordEntry): void {
  appendFileSync(recordFile(runDirectory), `${JSON.stringify(entry)}\n`);
}

/** All entries in the order of their creation. A line cut off by a crash is passed over. */
export function readRunRecord(runDirectory: string): readonly RunRecordEntry[] {
  let text: string;
  try {
    text = readFileSync(recordFile(runDirectory), 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap(parseLine);
}

function parseLine(line: string): readonly RunRecordEntry[] {
  try {
    // Written by appendRunRecord alone.
    return [JSON.parse(line) as RunRecordEntry];
  } catch {
    return [];
  }
}

function recordFile(runDirectory: string): string {
  return join(runDirectory, 'record.jsonl');
}
