/** Where a page ends, as an opaque text that is no secret: whose rows are read is told by the key, never by the cursor. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** What a cursor says; undefined for a text that no page has given. Its parts are the caller's to check. */
export function decodeCursor(text: string): unknown[] | undefined {
  try {
    const position: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(position) ? position : undefined;
  } catch {
    return undefined;
  }
}
