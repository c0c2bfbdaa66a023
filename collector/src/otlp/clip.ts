/** Text that fits into a column: no longer than it takes, and without U+0000, which PostgreSQL cannot store. */
export function clip(text: string, longest: number): string;
export function clip(text: string | null | undefined, longest: number): string | null;
export function clip(text: string | null | undefined, longest: number): string | null {
  if (text == null) return null;
  const clean = text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
  return clean.length > longest ? clean.slice(0, longest) : clean;
}
