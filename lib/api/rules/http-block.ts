import { error, type Finding, warning } from '#lib/api/finding.ts';
import { checkCaCert } from '#lib/api/rules/ca-cert.ts';
import { checkHostName } from '#lib/api/rules/host-name.ts';
import { checkHttpHeaders } from '#lib/api/rules/http-headers.ts';
import { checkPortReference } from '#lib/api/rules/port-reference.ts';
import { checkSecretName } from '#lib/api/rules/secret-name.ts';
import type { HttpSpec } from '#lib/api/spec.ts';
import { statusRange } from '#lib/api/status-range.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what the rule is about.
const UNFIT_FOR_PATH = /[\x00-\x20\x7f]/;

/** The block of mode HTTP, found at `path`. */
export function checkHttpBlock(path: string, http: HttpSpec): readonly Finding[] {
  return [
    ...checkPortReference(`${path}.targetPort`, http.targetPort),
    ...checkPath(`${path}.path`, http.path ?? ''),
    ...checkHostName(`${path}.host`, http.host ?? ''),
    ...checkHttpHeaders(`${path}.httpHeaders`, http.httpHeaders ?? []),
    ...checkCaCert(path, http),
    ...checkClientCert(`${path}.clientCertSecretName`, http),
    ...checkVersion(`${path}.version`, http),
    ...checkCodes(`${path}.code`, http.code ?? []),
    ...checkExpectBody(`${path}.expectBody`, http),
  ];
}

function checkPath(path: string, value: string): readonly Finding[] {
  return [
    ...(value === '' || value.startsWith('/')
      ? []
      : [warning(path, 'a slash was put in front: begin the path with a slash, for example /healthz')]),
    ...(UNFIT_FOR_PATH.test(value)
      ? [
          warning(
            path,
            'sent percent-encoded: percent-encode white space and control characters, for example %20',
          ),
        ]
      : []),
  ];
}

function checkCodes(path: string, codes: NonNullable<HttpSpec['code']>): readonly Finding[] {
  return codes.flatMap((code, index) =>
    statusRange(code) === undefined
      ? [
          error(
            `${path}[${index}]`,
            'write a status code such as 200, or a range such as "200-299", the lower code first',
          ),
        ]
      : [],
  );
}

function checkClientCert(path: string, { clientCertSecretName = '', scheme }: HttpSpec): readonly Finding[] {
  if (clientCertSecretName === '') return [];
  if (scheme !== 'HTTPS') {
    return [
      warning(
        path,
        'ignored: write scheme: HTTPS to have the certificate shown, or drop clientCertSecretName',
      ),
    ];
  }
  return checkSecretName(path, clientCertSecretName);
}

function checkVersion(path: string, { version, scheme }: HttpSpec): readonly Finding[] {
  if (version !== 'Negotiated' || scheme === 'HTTPS') return [];
  return [
    warning(
      path,
      'HTTP/1.1 is spoken: write scheme: HTTPS to have the version negotiated, or version: HTTP2 for a server that speaks it without TLS',
    ),
  ];
}

function checkExpectBody(path: string, { expectBody, method }: HttpSpec): readonly Finding[] {
  if (expectBody === undefined) return [];
  if (expectBody === '') {
    return [error(path, 'write the text that the body must contain, or drop the field to accept any body')];
  }
  if (method !== 'HEAD') return [];
  return [error(path, 'the answer to HEAD has no body: write method: GET, or drop expectBody')];
}
