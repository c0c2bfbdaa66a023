import type { Parameters } from './rollup-source.ts';

/**
 * A subquery's rows with `place`: that of their member among the top, from 0, NULL for all others.
 * @param columns the subquery's columns that make a member, of type text
 * @param top the members in order, each with a value a column
 */
export function withPlace(
  rows: string,
  columns: readonly string[],
  top: readonly (readonly (string | null)[])[],
  parameters: Parameters,
): string {
  // Equality alone can be hashed, IS NOT DISTINCT FROM cannot: a missing member is compared by its being missing.
  const lists = columns.map((_, index) => `${parameters.add(top.map((one) => one[index] ?? null))}::text[]`);
  const names = columns.map((_, index) => `member_${index + 1}`);
  const isSame = columns.map(
    (column, index) =>
      `coalesce(rows.${column}, '') = coalesce(top.${names[index] ?? ''}, '') AND (rows.${column} IS NULL) = (top.${names[index] ?? ''} IS NULL)`,
  );
  return `SELECT rows.*, top.place FROM (${rows}) rows
          LEFT JOIN (
            SELECT ${names.join(', ')}, (number - 1)::int AS place FROM unnest(${lists.join(', ')}) WITH ORDINALITY AS t (${names.join(', ')}, number)
          ) top ON ${isSame.join(' AND ')}`;
}
