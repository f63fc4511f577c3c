import { error, type Finding } from '#lib/api/finding.ts';
import { checkPortReference } from '#lib/api/rules/port-reference.ts';
import { checkTlsBlock } from '#lib/api/rules/tls-block.ts';
import type { TcpSpec } from '#lib/api/spec.ts';

/** The block of mode TCP, found at `path`. */
export function checkTcpBlock(path: string, tcp: TcpSpec): readonly Finding[] {
  return [
    ...checkPortReference(`${path}.targetPort`, tcp.targetPort),
    ...(tcp.send === ''
      ? [error(`${path}.send`, 'write the text to send, or drop the field to send nothing')]
      : []),
    ...(tcp.expect === ''
      ? [
          error(
            `${path}.expect`,
            'write the text that the answer must contain, or drop the field to accept any answer',
          ),
        ]
      : []),
    ...checkTlsBlock(`${path}.tls`, tcp.tls),
  ];
}
