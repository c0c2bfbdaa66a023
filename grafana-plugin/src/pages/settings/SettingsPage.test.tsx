import { describe, expect, test } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ApiRequest } from '../../host/host.ts';
import { FakeProblem, renderPage, type Answers } from '../../testing/render-page.tsx';
import SettingsPage from './SettingsPage.tsx';

const session = {
  tenant_id: 'acme',
  tenant_name: 'Acme Shop',
  scopes: ['admin'],
  is_operator: false,
  key_id: 'aaaaaaaa',
  expires_at: null,
};
const operator = { '/v1/session': { ...session, tenant_id: 'default', is_operator: true } };
const key = (more: object) => ({
  tenant_id: 'acme',
  scopes: ['ingest'],
  created_at: '2026-11-01T00:00:00Z',
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
  ...more,
});
const keys = {
  '/v1/admin/api-keys': {
    api_keys: [
      key({ key_id: 'aaaaaaaa', name: 'Mine', scopes: ['admin'] }),
      key({ key_id: 'bbbbbbbb', name: 'Checkout', last_used_at: '2026-11-24T10:00:00Z' }),
      key({ key_id: 'cccccccc', name: 'Old', expires_at: '2020-01-01T00:00:00Z' }),
      key({ key_id: 'dddddddd', name: 'Lost', revoked_at: '2026-11-02T00:00:00Z' }),
    ],
  },
};
const well: Answers = { '/v1/session': session, ...keys };
const show = (address: string, answers: Answers = well, mayChange = true) =>
  renderPage(<SettingsPage />, answers, { address, mayChange });

describe('who is signed in', () => {
  test('tenant, key and what may be done are told; the tab of tenants is the operator’s', async () => {
    const page = show('/settings');
    expect(await screen.findByText(/Acme Shop/)).toBeVisible();
    expect(screen.getByText('see and change everything')).toBeVisible();
    expect(screen.queryByRole('tab', { name: 'Tenants' })).toBeNull();
    await userEvent.click(screen.getByRole('tab', { name: 'API keys' }));
    expect(page.address()).toBe('/settings?tab=keys');
  });

  test('the operator has tenants, and goes to their keys', async () => {
    const page = show('/settings?tab=tenants', {
      ...operator,
      ...keys,
      '/v1/admin/tenants': {
        tenants: [
          {
            tenant_id: 'default',
            name: 'First',
            time_zone: 'UTC',
            is_operator: true,
            created_at: '2026-11-01T00:00:00Z',
          },
          {
            tenant_id: 'zoo',
            name: 'Zoo',
            time_zone: 'Asia/Tokyo',
            is_operator: false,
            created_at: '2026-11-01T00:00:00Z',
          },
        ],
      },
    });
    await userEvent.click(await screen.findByRole('button', { name: 'Keys of Zoo' }));
    await waitFor(() => expect(page.address()).toBe('/settings?tab=keys&tenant=zoo'));
    await waitFor(() =>
      expect(page.asked.find(({ path }) => path === '/v1/admin/api-keys')?.query.get('tenant_id')).toBe(
        'zoo',
      ),
    );
  });

  test('an id that no tenant can have is not sent', async () => {
    const page = show('/settings?tab=tenants', {
      ...operator,
      '/v1/admin/tenants': { tenants: [] },
      'POST /v1/admin/tenants': {},
    });
    const form = await screen.findByRole('form', { name: 'New tenant' });
    await userEvent.type(within(form).getByRole('textbox', { name: /Name/ }), 'Zoo');
    const id = within(form).getByRole('textbox', { name: /^Id/ });
    await userEvent.type(id, 'Zoo!');
    expect(within(form).getByText(/Lower-case letters, digits and dashes, 63/)).toBeVisible();
    await userEvent.click(within(form).getByRole('button', { name: 'Make the tenant' }));
    expect(page.asked.some(({ method }) => method === 'POST')).toBe(false);
    await userEvent.clear(id);
    await userEvent.type(id, 'zoo');
    await userEvent.click(within(form).getByRole('button', { name: 'Make the tenant' }));
    await waitFor(() =>
      expect(page.asked.find(({ method }) => method === 'POST')?.body).toEqual({
        tenant_id: 'zoo',
        name: 'Zoo',
        time_zone: 'UTC',
      }),
    );
  });
});

describe('API keys', () => {
  test('each says whether it works and when it was last used', async () => {
    show('/settings?tab=keys');
    expect(
      await screen.findByRole('row', { name: /Mine aaaaaaaa \(the one in use here\) admin works never/ }),
    ).toBeVisible();
    expect(screen.getByRole('row', { name: /Old cccccccc ingest ended 2020-01-01/ })).toBeVisible();
    const lost = screen.getByRole('row', { name: /Lost dddddddd ingest revoked 2026-11-02/ });
    expect(within(lost).queryByRole('button')).toBeNull();
  });

  test('a new key is made with what was chosen, and its text is shown this once', async () => {
    let made: unknown;
    const page = show('/settings?tab=keys', {
      ...well,
      'POST /v1/admin/api-keys': (_url: URL, { body }: ApiRequest) => {
        made = body;
        return { ...key({ key_id: 'eeeeeeee', name: 'CI' }), api_key: 'po_eeeeeeee_secret' };
      },
    });
    const form = await screen.findByRole('form', { name: 'New API key' });
    const submit = within(form).getByRole('button', { name: 'Make the key' });
    expect(submit).toBeDisabled();
    await userEvent.type(within(form).getByRole('textbox', { name: /What it is for/ }), ' CI ');
    await userEvent.click(within(form).getByRole('checkbox', { name: /read/ }));
    await userEvent.click(submit);
    const dialog = await screen.findByRole('dialog');
    expect(dialog).toHaveTextContent('po_eeeeeeee_secret');
    expect(made).toMatchObject({ name: 'CI', scopes: ['ingest', 'read'] });
    const days = (Date.parse((made as { expires_at: string }).expires_at) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(90, 1);
    await userEvent.click(within(dialog).getByRole('button', { name: 'I have copied it' }));
    await waitFor(() => expect(screen.queryByText('po_eeeeeeee_secret')).toBeNull());
    expect(page.container.ownerDocument.body.textContent).not.toContain('po_eeeeeeee_secret');
  });

  test('a key is revoked after a confirmation that says what it breaks', async () => {
    const page = show('/settings?tab=keys', { ...well, 'DELETE /v1/admin/api-keys/aaaaaaaa': {} });
    await userEvent.click(await screen.findByRole('button', { name: 'Revoke Mine' }));
    const dialog = await screen.findByRole('dialog');
    expect(dialog).toHaveTextContent('you will be signed out');
    expect(page.asked.some(({ method }) => method === 'DELETE')).toBe(false);
    await userEvent.click(within(dialog).getByRole('button', { name: 'Revoke' }));
    await waitFor(() => expect(page.told).toEqual([{ kind: 'success', text: 'The key “Mine” is revoked.' }]));
  });

  test('who may only read is told so, and nothing is asked in vain', async () => {
    const page = show('/settings?tab=keys', well, false);
    expect(await screen.findByText('For administrators')).toBeVisible();
    await waitFor(() => expect(page.asked.map(({ path }) => path)).toContain('/v1/session'));
    expect(page.asked.map(({ path }) => path)).not.toContain('/v1/admin/api-keys');
    expect(screen.getByRole('button', { name: 'Make the key' })).toHaveAttribute('aria-disabled', 'true');
  });

  test('a refusal is an explanation, not an error', async () => {
    show('/settings?tab=keys', {
      ...well,
      '/v1/admin/api-keys': new FakeProblem(403, { message: 'plugin proxy route access denied' }),
    });
    expect(await screen.findByText(/plugin proxy route access denied/)).toBeVisible();
    expect(screen.getByText('For administrators')).toBeVisible();
  });
});

describe('SQL access', () => {
  const role = {
    role_name: 'po_sql_k3v9x0ab',
    tenant_id: 'acme',
    name: 'Grafana',
    created_at: '2026-11-01T00:00:00Z',
    created_by: 'aaaaaaaa',
    password_changed_at: '2026-11-01T00:00:00Z',
  };
  test('a role is made, its password shown once, and dropped after a confirmation', async () => {
    const page = show('/settings?tab=sql', {
      ...well,
      '/v1/admin/sql-roles': { sql_roles: [role] },
      'POST /v1/admin/sql-roles': {
        ...role,
        password: 's3cret',
        connection_string: 'postgresql://…',
        host: 'h',
        port: 1,
        database: 'd',
      },
      'DELETE /v1/admin/sql-roles/po_sql_k3v9x0ab': {},
    });
    await userEvent.type(await screen.findByRole('textbox', { name: /What it is for/ }), 'Notebook');
    await userEvent.click(screen.getByRole('button', { name: 'Make the role' }));
    const secret = await screen.findByRole('dialog');
    expect(secret).toHaveTextContent('s3cret');
    await userEvent.click(within(secret).getByRole('button', { name: 'I have copied it' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Drop Grafana' }));
    await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Drop' }));
    await waitFor(() => expect(page.told.at(-1)?.text).toBe('The database role “Grafana” is dropped.'));
    expect(page.asked.find(({ method }) => method === 'POST')?.body).toEqual({ name: 'Notebook' });
  });
});

describe('prices', () => {
  const price = {
    price_id: 7,
    kind: 'override',
    tenant_id: 'acme',
    model_provider: 'vllm',
    model_name: 'acme-7b',
    service_tier: 'standard',
    effective_from: null,
    effective_to: null,
    input_per_mtok: '0.25',
    cache_read_per_mtok: null,
    cache_write_5m_per_mtok: null,
    cache_write_1h_per_mtok: null,
    output_per_mtok: '1',
    reasoning_per_mtok: null,
    per_request: null,
    context_tiers: [],
    daily_windows: [],
    unpriced_reason: null,
    discount_percent: null,
    source: 'contract',
    version: '1',
  };
  const former = { ...price, price_id: 6, input_per_mtok: '9', effective_to: '2026-01-01T00:00:00Z' };
  const book: Answers = {
    ...well,
    '/v1/prices': (url: URL) => ({
      prices: url.searchParams.get('own') === 'true' ? [price] : [former, price],
      next_cursor: null,
    }),
    '/v1/prices/resolve': {
      price,
      discount: null,
      why: 'It is your own.',
      unpriced_reason: null,
      what_to_do: null,
      also_matching: [],
    },
  };

  test('a model that is looked up says what a call costs now, and why', async () => {
    const page = show('/settings?tab=prices', book);
    const form = await screen.findByRole('form', { name: 'Search prices' });
    await userEvent.type(within(form).getByRole('textbox', { name: 'Provider' }), 'vllm');
    await userEvent.type(within(form).getByRole('textbox', { name: 'Model' }), 'acme-7b{Enter}');
    expect(
      await screen.findByText('A call now costs: input $0.25, output $1 a million tokens'),
    ).toBeVisible();
    expect(page.address()).toBe('/settings?tab=prices&provider=vllm&model=acme-7b');
    expect(screen.queryByText(/input \$9/)).toBeNull();
    await userEvent.click(within(form).getByRole('checkbox', { name: 'Former and future prices too' }));
    expect(await screen.findByText(/input \$9/)).toBeVisible();
  });

  test('a price of one’s own is added as text, since ever if it is said', async () => {
    const page = show('/settings?tab=prices', { ...book, 'POST /v1/prices': price });
    const form = await screen.findByRole('form', { name: 'New price' });
    const type = (name: RegExp, text: string) =>
      userEvent.type(within(form).getByRole('textbox', { name }), text);
    await type(/Provider/, 'vllm');
    await type(/Model/, 'acme-7b');
    expect(within(form).getByRole('button', { name: 'Add' })).toBeDisabled();
    await type(/Input, USD/, '0.10');
    await userEvent.click(within(form).getByRole('radio', { name: 'Since ever' }));
    await userEvent.click(within(form).getByRole('button', { name: 'Add' }));
    await waitFor(() =>
      expect(page.asked.find(({ method }) => method === 'POST')?.body).toEqual({
        model_provider: 'vllm',
        model_name: 'acme-7b',
        input_per_mtok: '0.10',
        effective_from: null,
      }),
    );
  });

  test('a price ends after a confirmation', async () => {
    const page = show('/settings?tab=prices', { ...book, 'POST /v1/prices/7/end': price });
    await userEvent.click(await screen.findByRole('button', { name: 'End the price for acme-7b' }));
    await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'End it' }));
    await waitFor(() => expect(page.told.at(-1)?.text).toBe('The price for acme-7b has ended.'));
  });

  test('a file is checked before it is added, and what is wrong is said', async () => {
    let refuses = true;
    const page = show('/settings?tab=prices', {
      ...book,
      'POST /v1/prices/import': () =>
        refuses
          ? new FakeProblem(400, { detail: '1 of 1 rows cannot be added, so none was.' })
          : { dry_run: true, rows: 1, added: 1, price_ids: [] },
    });
    await screen.findByRole('heading', { name: 'Import prices' });
    const input = page.container.querySelector<HTMLInputElement>('input[type=file]');
    if (!input) throw new Error('There is no file to choose.');
    const file = new File(['model_provider,model_name,input_per_mtok\nvllm,acme,0.1\n'], 'prices.csv', {
      type: 'text/csv',
    });
    file.text = () => Promise.resolve('model_provider,model_name,input_per_mtok\nvllm,acme,0.1\n');
    await userEvent.upload(input, file);
    expect(await screen.findByText('prices.csv: 1 price.')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Add all' })).toHaveAttribute('aria-disabled', 'true');
    await userEvent.click(screen.getByRole('button', { name: 'Check' }));
    expect(await screen.findByText('1 of 1 rows cannot be added, so none was.')).toBeVisible();
    refuses = false;
    await userEvent.click(screen.getByRole('button', { name: 'Check' }));
    expect(await screen.findByText('1 price can be added. None is yet.')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Add all' }));
    expect(await screen.findByText('Added: 1 price.')).toBeVisible();
    const sent = page.asked.filter(({ path }) => path === '/v1/prices/import');
    expect(sent.map(({ query }) => query.get('dry_run'))).toEqual(['true', 'true', 'false']);
    expect(sent.at(-1)?.body).toEqual([
      { model_provider: 'vllm', model_name: 'acme', input_per_mtok: '0.1' },
    ]);
  });
});
