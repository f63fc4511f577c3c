/** What the probes of one hostile server have shown. */
export interface ServerReport {
  readonly id: string;
  readonly want: readonly string[];
  /** All that came, each once. */
  readonly reasons: readonly string[];
  /** Of one run. */
  readonly message: string;
  readonly longestMessage: number;
  readonly slowestMs: number;
  /** Of a run, on average over those that ran at the same time. */
  readonly cpuMs: number;
  /** By a run, as above. */
  readonly receivedBytes: number;
  /** In use after all runs, above what was in use before; after garbage collection. */
  readonly grownBytes: number;
  /** In use at most while runs were under way, by each of them. */
  readonly inFlightBytes: number;
  /** The latest start of a good target's run at the same time. */
  readonly neighbourLateMs: number;
  readonly neighbourFailures: readonly string[];
}

/** What good targets have shown while these servers were probed every second. */
export interface CrowdReport {
  /** How many. */
  readonly hostile: number;
  readonly goodRuns: number;
  readonly hostileRuns: number;
  readonly failed: readonly string[];
  readonly medianLateMs: number;
  readonly p99LateMs: number;
  readonly latestMs: number;
  /** CPU time between two turns of a timer of 5 ms: for so long a due probe can be kept waiting by others. */
  readonly longestTurnMs: number;
  /** CPU time of the process over the time that passed. */
  readonly busyShare: number;
}
