import { QueryClientProvider } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router-dom';
import { createQueryClient } from './api/query-client.ts';
import { HostProvider, type Host } from './host/host.ts';
import { NotFound } from './navigation/NotFound.tsx';
import { PageBoundary } from './navigation/PageBoundary.tsx';
import { PAGES } from './navigation/pages.ts';
import { Skeleton } from './panels/Skeleton.tsx';
import { TimeZoneProvider } from './period/time-zone.tsx';

/** The pages, the same in both hosts. A router is around them. */
export function App({ host, timeZone }: { host: Host; timeZone: string }) {
  const [client] = useState(createQueryClient);
  return (
    <HostProvider value={host}>
      <QueryClientProvider client={client}>
        <TimeZoneProvider initial={timeZone}>
          <Routes>
            <Route index element={<ToFirstPage />} />
            {PAGES.map(({ path, Page }) => (
              <Route
                key={path}
                path={`${path}/*`}
                element={
                  <PageBoundary>
                    <Suspense fallback={<Skeleton height={400} />}>
                      <Page />
                    </Suspense>
                  </PageBoundary>
                }
              />
            ))}
            <Route path="*" element={<NotFound />} />
          </Routes>
        </TimeZoneProvider>
      </QueryClientProvider>
    </HostProvider>
  );
}

function ToFirstPage() {
  const { search } = useLocation();
  return <Navigate to={{ pathname: PAGES[0].path, search }} replace />;
}
