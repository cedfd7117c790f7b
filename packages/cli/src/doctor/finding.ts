/** What was looked at, and what came of it. */
export interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'failed' | 'not checked';
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, outcome: 'ok', message });

export const failed = (check: string, message: string, fix: string): Finding => ({
  check,
  outcome: 'failed',
  message,
  fix,
});

export const notChecked = (check: string, message: string): Finding => ({ check, outcome: 'not checked', message });

export function reasonOf(error: unknown): string {
  const links: string[] = [];
  for (let link: unknown = error; link instanceof Error && links.length < 4; link = link.cause)
    links.push((link as NodeJS.ErrnoException).code ?? link.message);
  return links.at(-1) ?? String(error);
}
