import { describe, expect, test } from 'vitest';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import { isAccepted } from '#lib/probe/probers/http-answer.ts';
import { http1Text, http2Fields, httpRequest, serverName } from '#lib/probe/probers/http-request.ts';
import { anHttpProbe } from '../../../../support/builders.ts';
import { targetOf } from '../../../../support/loopback-server.ts';

const DEFAULTS = 'User-Agent: swh/1\r\nAccept: */*\r\nConnection: close\r\n';

describe('the bytes of a request', () => {
  const cases: readonly {
    readonly name: string;
    readonly probe: Partial<HttpProbe>;
    readonly port?: number;
    readonly address?: string;
    readonly want: string;
  }[] = [
    { name: 'defaults', probe: {}, want: `GET / HTTP/1.1\r\nHost: 10.0.0.1:8080\r\n${DEFAULTS}\r\n` },
    {
      name: 'the default port is not named',
      probe: {},
      port: 80,
      want: `GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n${DEFAULTS}\r\n`,
    },
    {
      name: 'HTTPS has another default port',
      probe: { scheme: 'HTTPS' },
      port: 443,
      want: `GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n${DEFAULTS}\r\n`,
    },
    {
      name: 'an IPv6 address stands in brackets',
      probe: {},
      address: 'fd00::1',
      want: `GET / HTTP/1.1\r\nHost: [fd00::1]:8080\r\n${DEFAULTS}\r\n`,
    },
    {
      name: 'path and query verbatim',
      probe: { method: 'HEAD', path: '//a/../b%2F?q=1&q=ä#x' },
      want: `HEAD //a/../b%2F?q=1&q=ä#x HTTP/1.1\r\nHost: 10.0.0.1:8080\r\n${DEFAULTS}\r\n`,
    },
    {
      name: 'host names the Host header',
      probe: { host: 'example.com' },
      want: `GET / HTTP/1.1\r\nHost: example.com\r\n${DEFAULTS}\r\n`,
    },
    {
      name: 'a Host header wins and is not repeated',
      probe: {
        host: 'a',
        headers: [
          { name: 'host', value: 'b' },
          { name: 'HOST', value: 'c' },
        ],
      },
      want: `GET / HTTP/1.1\r\nHost: b\r\n${DEFAULTS}\r\n`,
    },
    {
      name: 'an empty value removes User-Agent and Accept, of others it stays',
      probe: {
        headers: [
          { name: 'user-agent', value: '' },
          { name: 'Accept', value: '' },
          { name: 'X', value: '' },
        ],
      },
      want: 'GET / HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nConnection: close\r\nX: \r\n\r\n',
    },
    {
      name: 'own headers replace defaults and may repeat',
      probe: {
        headers: [
          { name: 'Accept', value: 'text/html' },
          { name: 'X', value: '1' },
          { name: 'X', value: '2' },
        ],
      },
      want: 'GET / HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nUser-Agent: swh/1\r\nConnection: close\r\nAccept: text/html\r\nX: 1\r\nX: 2\r\n\r\n',
    },
    {
      name: 'a kept connection is not said to be closed',
      probe: { connection: 'Kept' },
      want: 'GET / HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nUser-Agent: swh/1\r\nAccept: */*\r\n\r\n',
    },
    {
      name: 'a Host header is sent once, whatever its case, and host gives way to it',
      probe: { host: 'x', headers: [{ name: 'hOST', value: 'a.b:1' }] },
      want: `GET / HTTP/1.1\r\nHost: a.b:1\r\n${DEFAULTS}\r\n`,
    },
  ];
  test.each(cases)('$name', ({ probe, port, address, want }) => {
    const request = httpRequest(anHttpProbe(probe), targetOf(port ?? 8080, address ?? '10.0.0.1'), 'swh/1');
    expect(request.kind === 'request' && http1Text(request)).toBe(want);
  });

  test.each([
    { name: 'a line break in the path', probe: { path: '/ HTTP/1.1\r\nX: y' } },
    { name: 'a space in the path', probe: { path: '/a b' } },
    { name: 'a path without a slash', probe: { path: 'http://other/' } },
    { name: 'a line break in a value', probe: { headers: [{ name: 'X', value: 'a\r\nY: b' }] } },
    { name: 'a colon in a name', probe: { headers: [{ name: 'X: y', value: '' }] } },
    { name: 'a line break in host', probe: { host: 'a\nb' } },
  ])('$name is refused', ({ probe }) => {
    expect(httpRequest(anHttpProbe(probe), targetOf(80, '10.0.0.1'), 'swh/1').kind).toBe('invalid');
  });
});

describe('the fields of HTTP/2', () => {
  test('are in lower case, in order, and without those of a connection', () => {
    const headers = [
      { name: 'X-Probe', value: 'A' },
      { name: 'x-probe', value: 'b' },
      { name: 'TE', value: 'gzip' },
      { name: 'Keep-Alive', value: 'timeout=5' },
      { name: 'Host', value: 'a.b' },
    ];
    const probe = anHttpProbe({ scheme: 'HTTPS', path: '/a?b', headers });
    const request = httpRequest(probe, targetOf(8443, '10.0.0.1'), 'swh/1');
    const pseudo = [':method', 'GET', ':scheme', 'https', ':authority', 'a.b', ':path', '/a?b'];
    const rest = ['user-agent', 'swh/1', 'accept', '*/*', 'x-probe', 'A', 'x-probe', 'b'];
    expect(request.kind === 'request' && http2Fields(request)).toEqual([...pseudo, ...rest]);
  });
});

describe('the name that HTTPS verifies', () => {
  test.each([
    { name: 'the address by default', probe: {}, want: '10.0.0.1' },
    { name: 'host', probe: { host: 'example.com' }, want: 'example.com' },
    {
      name: 'the Host header without its port',
      probe: { headers: [{ name: 'Host', value: 'a.b:8443' }] },
      want: 'a.b',
    },
    {
      name: 'host before the header',
      probe: { host: 'x', headers: [{ name: 'Host', value: 'y' }] },
      want: 'x',
    },
    { name: 'an IPv6 address in brackets', probe: { host: '[::1]:8443' }, want: '::1' },
    { name: 'a bare IPv6 address', probe: { host: 'fd00::1' }, want: 'fd00::1' },
  ])('$name', ({ probe, want }) => {
    expect(serverName(anHttpProbe(probe), targetOf(8443, '10.0.0.1'))).toBe(want);
  });
});

test('a status is accepted at both ends of a range and not outside', () => {
  const probe = anHttpProbe({
    codes: [
      { from: 200, to: 299 },
      { from: 401, to: 401 },
    ],
  });
  expect([199, 200, 299, 300, 400, 401, 402].map((status) => isAccepted(status, probe))).toEqual([
    false,
    true,
    true,
    false,
    false,
    true,
    false,
  ]);
});
