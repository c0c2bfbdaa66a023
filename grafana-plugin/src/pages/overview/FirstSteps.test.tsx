import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { renderPage } from '../../testing/render-page.tsx';
import { FirstSteps, firstEventSnippets } from './FirstSteps.tsx';

test('the first steps have the address of this collector, in each way of sending', async () => {
  renderPage(<FirstSteps />, {});
  expect(screen.getByText(/curl http:\/\/collector\/v1\/client\/usage\/log/)).toBeVisible();
  await userEvent.click(screen.getByRole('tab', { name: 'Python' }));
  expect(screen.getByText(/base_url="http:\/\/collector"/)).toBeVisible();
});

test('the clients are used as the README does, which is run by a test', async () => {
  const readme = await readFile(join(import.meta.dirname, '../../../../README.md'), 'utf8');
  const snippets = firstEventSnippets('http://127.0.0.1:8080');
  const squeezed = (text: string): string => text.replaceAll(/\s+/g, '').replaceAll(',}', '}');
  for (const name of ['JavaScript', 'Python']) {
    const code = snippets.find((snippet) => snippet.name === name)?.code ?? '';
    expect(squeezed(readme)).toContain(squeezed(code));
  }
});
