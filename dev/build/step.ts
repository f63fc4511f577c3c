/** Runs one step of the build and prints its name and duration. */
export async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await run();
  console.log(`build: ${name} ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}
