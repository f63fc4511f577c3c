import type { WriteStream } from 'node:tty';
import { type Line, paint } from './text.ts';
import type { ScreenSize } from './view.ts';

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';
/** Terminals that know it show the frame at once; the others ignore it. */
const BEGIN_FRAME = '\x1b[?2026h\x1b[H';
const END_FRAME = '\x1b[J\x1b[?2026l';
const CLEAR_TO_END_OF_LINE = '\x1b[K';

/** The terminal as a page that is redrawn in place. What was on it before comes back at the end. */
export class Screen {
  readonly #out: WriteStream;
  readonly #hasColour: boolean;
  readonly #leave = (): void => this.close();
  #isOpen = false;

  constructor(out: WriteStream, hasColour: boolean) {
    this.#out = out;
    this.#hasColour = hasColour;
  }

  /** The room for a frame. The last column stays free: a full line would leave the cursor beyond its end. */
  get size(): ScreenSize {
    return { columns: this.#out.columns - 1, rows: this.#out.rows };
  }

  /** Takes the terminal over; it is given back at `close`, or when the process ends. */
  open(onResize: () => void): void {
    this.#isOpen = true;
    process.once('exit', this.#leave);
    this.#out.on('resize', onResize);
    this.#out.write(ENTER);
  }

  /** Draws a frame over the last one in one write. */
  draw(lines: readonly Line[]): void {
    if (!this.#isOpen) return;
    this.#out.write(frame(lines, this.#hasColour));
  }

  /** Gives the terminal back. Safe to call twice. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#leave);
    this.#out.removeAllListeners('resize');
    this.#out.write(LEAVE);
  }
}

/** The bytes that replace the last frame by these lines, without clearing what stays the same. */
export function frame(lines: readonly Line[], hasColour: boolean): string {
  const text = lines.map((line) => `${paint(line, hasColour)}${CLEAR_TO_END_OF_LINE}`).join('\r\n');
  return `${BEGIN_FRAME}${text}${END_FRAME}`;
}
