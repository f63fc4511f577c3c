/**
 * Makes programs ready, so that nothing later waits for a build: the ones named in the arguments, or all of them.
 */
import { type ProgramName, recipes } from './programs.ts';
import { providePrograms } from './toolchain.ts';

try {
  await providePrograms(chosen(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

function chosen(names: readonly string[]): readonly ProgramName[] {
  // The keys of the table are the names of the programs.
  const known = Object.keys(recipes) as ProgramName[];
  const wrong = names.find((name) => !known.some((one) => one === name));
  if (wrong !== undefined) throw new Error(`no program ${wrong}; there are ${known.join(', ')}`);
  return names.length === 0 ? known : known.filter((name) => names.includes(name));
}
