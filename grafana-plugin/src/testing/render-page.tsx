import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, type RenderResult } from '@testing-library/react';
import type { ReactNode } from 'react';
import { MemoryRouter, Route, Routes, useLocation } from 'react-router-dom';
import { problemOf } from '../api/problem.ts';
import { HostProvider, type ApiRequest, type Host } from '../host/host.ts';
import { TimeZoneProvider } from '../period/time-zone.tsx';

/** What the fake collector answers to a path (without its query): JSON, or a problem by its status. */
export type Answers = Record<string, object | ((url: URL, init: ApiRequest) => unknown)>;

export class FakeProblem {
  readonly status: number;
  readonly data: unknown;
  constructor(status: number, data: unknown) {
    this.status = status;
    this.data = data;
  }
}

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
}

export interface RenderedPage extends RenderResult {
  /** Every request in its order. */
  asked: Asked[];
  told: { kind: string; text: string }[];
  /** The address that the page is at now, with its query. */
  address: () => string;
}

/** Renders a page as both hosts do, on a fake collector. */
export function renderPage(
  page: ReactNode,
  answers: Answers,
  { address = '/', mayChange = true, timeZone = 'UTC' } = {},
): RenderedPage {
  const asked: Asked[] = [];
  const told: RenderedPage['told'] = [];
  const kept = new Map<string, string>();
  let shown = '';
  const host: Host = {
    kind: 'standalone',
    basePath: '',
    request: async (path, init = {}) => {
      const url = new URL(path, 'http://collector');
      asked.push({
        method: init.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        body: init.body,
      });
      const given = answers[`${init.method ?? 'GET'} ${url.pathname}`] ?? answers[url.pathname];
      const answer: unknown =
        typeof given === 'function' ? (given as (url: URL, init: ApiRequest) => unknown)(url, init) : given;
      if (answer === undefined)
        throw problemOf(404, { detail: `The fake collector has no answer to ${url.pathname}.` });
      if (answer instanceof FakeProblem) throw problemOf(answer.status, answer.data);
      return { status: 200, data: await Promise.resolve(answer) };
    },
    downloadUrl: (path) => path,
    collectorUrl: 'http://collector',
    user: { name: 'tester', mayChange },
    preferences: {
      get: (key) => Promise.resolve(kept.get(key) ?? null),
      set: (key, value) => {
        kept.set(key, value);
        return Promise.resolve();
      },
    },
    notify: (kind, text) => told.push({ kind, text }),
    PageFrame: ({ title, actions, children }) => (
      <>
        <h1>{title}</h1>
        {actions}
        {children}
      </>
    ),
  };
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, gcTime: Infinity } } });
  function Address() {
    const { pathname, search } = useLocation();
    shown = pathname + search;
    return null;
  }
  const result = render(
    <HostProvider value={host}>
      <QueryClientProvider client={client}>
        <MemoryRouter
          initialEntries={[address]}
          future={{ v7_startTransition: true, v7_relativeSplatPath: true }}
        >
          <TimeZoneProvider initial={timeZone}>
            <Routes>
              <Route path="*" element={page} />
            </Routes>
          </TimeZoneProvider>
          <Address />
        </MemoryRouter>
      </QueryClientProvider>
    </HostProvider>,
  );
  return Object.assign(result, { asked, told, address: () => shown });
}
