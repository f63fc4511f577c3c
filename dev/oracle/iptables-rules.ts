import { neutral, type Subject } from './proxy-rules.ts';

/** One rule as `iptables-save` prints it. */
interface Rule {
  readonly chain: string;
  readonly text: string;
  /** The chain that it goes on to, if it is one of a single Service or endpoint. */
  readonly next: string | undefined;
}

/**
 * What the rules of kube-proxy in iptables mode (the text of `iptables-save`) say about the Services of one namespace,
 * sorted, with stand-ins as in `rulesAbout`. Only rules that traffic can reach: chains out of use keep theirs for a
 * while.
 */
export function iptablesRulesAbout(text: string, subject: Subject): readonly string[] {
  const rules = text.split('\n').flatMap(ruleOf);
  const isOwn = ({ text: rule }: Rule): boolean => new RegExp(`[" ]${subject.namespace}/`).test(rule);
  const about = rules.filter((rule) => !OWN_CHAIN.test(rule.chain) && isOwn(rule));
  const seen = new Set<string>();
  // Grows while it is walked.
  for (const { next } of about) {
    if (next === undefined || seen.has(next)) continue;
    seen.add(next);
    about.push(...rules.filter(({ chain }) => chain === next));
  }
  return about.map((rule) => neutralRule(rule, subject)).toSorted();
}

/** Chains of one Service port or endpoint end in a hash of its name. */
const OWN_CHAIN = /\b(KUBE-[A-Z]+)-[A-Z2-7]{16}\b/;

function ruleOf(line: string): readonly Rule[] {
  const chain = /^-A (\S+) /.exec(line)?.[1];
  if (chain === undefined) return [];
  const next = /-[jg] (\S+)/.exec(line)?.[1];
  return [{ chain, text: line, next: next !== undefined && OWN_CHAIN.test(next) ? next : undefined }];
}

function neutralRule({ text }: Rule, subject: Subject): string {
  const rule = text
    .replaceAll(new RegExp(OWN_CHAIN, 'g'), '$1')
    .replace(/--dport 3\d{4}\b/, '--dport NODE_PORT');
  return neutral(rule, subject);
}
