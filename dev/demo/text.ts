/** Looks of a piece of text; what they mean on the terminal is in `paint`. */
export type Look = 'plain' | 'bold' | 'dim' | 'good' | 'bad' | 'note';

/** A piece of a line in one look. */
export interface Span {
  readonly text: string;
  readonly look: Look;
}

/** One line of the screen. */
export type Line = readonly Span[];

const CODES: Readonly<Record<Look, string>> = {
  plain: '',
  bold: '1',
  dim: '2',
  good: '32',
  bad: '31',
  note: '36',
};

export function span(text: string, look: Look = 'plain'): Span {
  return { text, look };
}

/** Cuts the line to `columns` characters, the last of them an ellipsis when something is lost. */
export function clip(line: Line, columns: number): Line {
  const length = line.reduce((sum, { text }) => sum + text.length, 0);
  if (length <= columns) return line;
  let left = Math.max(columns - 1, 0);
  const kept = line.map(({ text, look }) => {
    const part = text.slice(0, left);
    left -= part.length;
    return span(part, look);
  });
  return columns < 1 ? [] : [...kept, span('…', 'dim')];
}

/** The line as text for a terminal, with colours or without. */
export function paint(line: Line, hasColour: boolean): string {
  return line
    .map(({ text, look }) => {
      const code = hasColour ? CODES[look] : '';
      return code === '' || text === '' ? text : `\x1b[${code}m${text}\x1b[0m`;
    })
    .join('');
}
