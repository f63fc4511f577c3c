import { Screen } from './screen.ts';
import { type Line, paint } from './text.ts';
import { type DemoView, layOut, seconds } from './view.ts';

const REDRAW_MS = 200;

/** Takes note of what happens. */
export interface Teller {
  /** Something has happened. */
  say(text: string): void;
}

/** How the demo tells what happens: a live page on a terminal, else a line for each event. */
export interface Display extends Teller {
  /** A new step has begun. */
  step(text: string): void;
  /** Ends the live page and prints the lines below it. */
  finish(lines: readonly Line[]): void;
  close(): void;
}

/** What the live page shows beside the log and the step. */
export type Picture = () => Pick<DemoView, 'balancers' | 'wrongWrites'>;

export interface DisplayOptions {
  readonly isLive: boolean;
  readonly hasColour: boolean;
}

/** Opens the display; `picture` is asked for each frame. */
export function openDisplay(picture: Picture, { isLive, hasColour }: DisplayOptions): Display {
  const startedMs = performance.now();
  const elapsed = (): number => performance.now() - startedMs;
  const print = (line: Line): void => console.log(paint(line, hasColour));
  return isLive ? liveDisplay(picture, { elapsed, print, hasColour }) : plainDisplay(elapsed, print);
}

function plainDisplay(elapsed: () => number, print: (line: Line) => void): Display {
  const say = (text: string): void => print([{ text: `${stamp(elapsed())} ${text}`, look: 'plain' }]);
  return {
    say,
    step: (text) => say(`== ${text}`),
    finish: (lines) => lines.forEach(print),
    close: () => {},
  };
}

interface LiveTools {
  readonly elapsed: () => number;
  readonly print: (line: Line) => void;
  readonly hasColour: boolean;
}

function liveDisplay(picture: Picture, { elapsed, print, hasColour }: LiveTools): Display {
  const screen = new Screen(process.stdout, hasColour);
  const log: string[] = [];
  let step = '';
  const draw = (): void => {
    screen.draw(layOut({ elapsedMs: elapsed(), step, log, ...picture() }, screen.size));
  };
  const timer = setInterval(draw, REDRAW_MS);
  const close = (): void => {
    clearInterval(timer);
    screen.close();
  };
  screen.open(draw);
  draw();
  return {
    say: (text) => log.push(`${stamp(elapsed())} ${text}`),
    step(text) {
      step = text;
      log.push(`${stamp(elapsed())} == ${text}`);
    },
    finish(lines) {
      close();
      lines.forEach(print);
    },
    close,
  };
}

function stamp(ms: number): string {
  return seconds(ms).padStart(7);
}
