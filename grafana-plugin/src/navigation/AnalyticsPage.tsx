import type { ReactNode } from 'react';
import { useHost } from '../host/host.ts';
import { FilterBar } from '../filters/FilterBar.tsx';
import { PeriodControls } from '../period/PeriodControls.tsx';

export interface AnalyticsPageProps {
  title: string;
  subTitle?: string;
  /** Beside the period's controls. */
  actions?: ReactNode;
  parent?: { text: string; url: string };
  children: ReactNode;
}

/** The frame of a page about a period: its controls above, its filters below the title. */
export function AnalyticsPage({ actions, children, ...frame }: AnalyticsPageProps) {
  const { PageFrame } = useHost();
  return (
    <PageFrame
      {...frame}
      actions={
        <>
          {actions}
          <PeriodControls />
        </>
      }
    >
      <FilterBar />
      {children}
    </PageFrame>
  );
}
