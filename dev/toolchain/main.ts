/** Makes every program of the control plane ready, so that nothing later waits for a build. */
import { type ProgramName, recipes } from './programs.ts';
import { providePrograms } from './toolchain.ts';

try {
  // The keys of the table are the names of the programs.
  await providePrograms(Object.keys(recipes) as ProgramName[]);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
