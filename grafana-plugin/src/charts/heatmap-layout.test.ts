import { expect, test } from '@jest/globals';
import { cellAt, intensity, labelledEvery, placeOf } from './heatmap-layout.ts';

const frame = { left: 50, top: 10, width: 300, height: 100, columns: 30, rows: 5 };

test('a point in the middle of a drawn cell is in that cell', () => {
  for (let column = 0; column < frame.columns; column += 1) {
    for (let row = 0; row < frame.rows; row += 1) {
      const { x, y, width, height } = placeOf(frame, { column, row });
      expect(cellAt(frame, x + width / 2, y + height / 2)).toEqual({ column, row });
    }
  }
});

test('the lowest row is at the bottom, the earliest column left, and nothing is beside', () => {
  expect(placeOf(frame, { column: 0, row: 0 })).toMatchObject({ x: 50, y: 90 });
  expect(cellAt(frame, 51, 109)).toEqual({ column: 0, row: 0 });
  expect(cellAt(frame, 349, 11)).toEqual({ column: 29, row: 4 });
  for (const [x, y] of [
    [49, 50],
    [351, 50],
    [100, 9],
    [100, 111],
  ] as const)
    expect(cellAt(frame, x, y)).toBeNull();
});

test('one call among thousands is seen, more is stronger, and none is not drawn', () => {
  expect(intensity(0, 4000)).toBe(0);
  expect(intensity(1, 4000)).toBeGreaterThan(0.1);
  expect(intensity(400, 4000)).toBeGreaterThan(intensity(100, 4000));
  expect(intensity(4000, 4000)).toBe(1);
});

test('labels never overlap', () => {
  expect(labelledEvery(20, 18)).toBe(1);
  expect(labelledEvery(10, 64)).toBe(8);
  expect(labelledEvery(1.5, 64) * 1.5).toBeGreaterThanOrEqual(64);
});
