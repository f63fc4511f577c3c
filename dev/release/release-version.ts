/** A release's version: a tag in the registry, so with the leading `v`, and a semantic version behind it. */
export type ReleaseVersion = `v${string}`;

/** The text as a version; `undefined` when it is none. */
export function parseReleaseVersion(text: string): ReleaseVersion | undefined {
  return /^v(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/.test(text)
    ? // The pattern begins with it.
      (text as ReleaseVersion)
    : undefined;
}

/** What is wrong with a version, and what it should look like. */
export function wrongVersion(text: string): string {
  return `--version ${text} is no version: write it as v1.2.3 or v1.2.3-rc.1`;
}
