/** Shows a measured value in the output of the test run. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
