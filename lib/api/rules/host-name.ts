import { domainToASCII } from 'node:url';
import { error, type Finding } from '#lib/api/finding.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what the rule is about.
const UNFIT_FOR_HOST = /[\x00-\x20\x7f"#%/:<>?@[\\\]^`{|}]/;

/** A bare host name; empty means none. */
export function checkHostName(path: string, host: string): readonly Finding[] {
  const isBare = !UNFIT_FOR_HOST.test(host) && (host === '' || isAscii(host) || domainToASCII(host) !== '');
  if (isBare) return [];
  return [error(path, 'write a bare host name without scheme, port and path, for example app.example.com')];
}

function isAscii(text: string): boolean {
  return /^[!-~]*$/.test(text);
}
