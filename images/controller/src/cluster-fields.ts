import { PORT_FIELDS, SPEC_FIELDS } from '#lib/core/service/unknown-fields.ts';
import type { Violation } from '#lib/core/service-with-healthchecks.ts';
import { CORE_DESCRIPTION, SchemaScanner } from '#lib/kube/schema-scanner.ts';
import type { Logger } from '#lib/runtime/logger.ts';

export interface ClusterFieldsDeps {
  readonly logger: Logger;
  /** Hands over, piece by piece, what is at a path of the API server. */
  scan(path: string, onChunk: (chunk: Buffer) => void, signal: AbortSignal): Promise<void>;
  /** Called when there is something to warn of. */
  onFound(): void;
}

/** What this cluster's Services have beyond what this version knows. */
export interface ClusterFields {
  /** Asks the API server once; never rejects. What cannot be read is logged and taken for nothing new. */
  learn(signal: AbortSignal): Promise<void>;
  /** To be said of every object, because what was removed from one leaves no trace in it. */
  warnings(): readonly Violation[];
}

/** Knows of no field before `learn`. */
export function createClusterFields({ logger, scan, onFound }: ClusterFieldsDeps): ClusterFields {
  let fields: readonly string[] = [];
  return {
    async learn(signal) {
      try {
        const [spec, port] = [scannerOf('ServiceSpec'), scannerOf('ServicePort')];
        const onChunk = (chunk: Buffer): void => {
          spec.push(chunk);
          port.push(chunk);
        };
        await scan(CORE_DESCRIPTION, onChunk, signal);
        fields = [
          ...beyond(spec, SPEC_FIELDS).map((name) => `spec.${name}`),
          ...beyond(port, PORT_FIELDS).map((name) => `spec.ports[].${name}`),
        ].toSorted();
      } catch (error) {
        if (!signal.aborted)
          logger.warn('cannot tell whether Services have new fields', { error: String(error) });
      }
      if (fields.length === 0) return;
      logger.warn('Services of this cluster have fields that this version does not know', {
        fields: fields.join(', '),
      });
      onFound();
    },
    warnings: () => fields.map((path) => ({ path, message: MESSAGE })),
  };
}

const MESSAGE = 'a Service of this cluster has this field, but it cannot be set here in this version';

function scannerOf(type: string): SchemaScanner {
  return new SchemaScanner(`io.k8s.api.core.v1.${type}`);
}

function beyond(scanner: SchemaScanner, known: readonly string[]): readonly string[] {
  return (scanner.properties() ?? []).filter((name) => !known.includes(name));
}
