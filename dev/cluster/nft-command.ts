import { netnsCommand } from './netns-command.ts';

/** Runs an nftables script in a network namespace and returns what it printed. */
export function nft(netns: string, script: string): Promise<string> {
  return netnsCommand(netns, ['nft', '-f', '-'], script);
}
