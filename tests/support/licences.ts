/** The titles of the sections of a file with licences, in order. */
export function licenceTitles(text: string): readonly string[] {
  return [...text.matchAll(/^={80}\n(.+)\n={80}\n/gm)].map(([, title = '']) => title);
}
