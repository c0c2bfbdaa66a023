/** The addresses that mail goes to: dot-atoms at a domain, as RFC 5321 has them, without quotes, comments and line breaks. */
export const EMAIL_PATTERN =
  "^(?=.{3,254}$)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\\.(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?))*$";

/** An address with a name or without: `alerts@example.com`, `PromptOps <alerts@example.com>`. */
export interface Mailbox {
  name: string;
  address: string;
}

/** undefined for what is no mailbox. */
export function readMailbox(text: string): Mailbox | undefined {
  if (/\p{Cc}/u.test(text)) return undefined;
  const named = /^([^<>]*)<([^<>]+)>$/.exec(text.trim());
  const address = (named?.[2] ?? text).trim();
  if (!new RegExp(EMAIL_PATTERN).test(address)) return undefined;
  return { name: (named?.[1] ?? '').trim().replace(/^"(.*)"$/, '$1'), address };
}
