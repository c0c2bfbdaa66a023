import { PanelGrid } from '../../../panels/Panel.tsx';
import { DailyCostPanel } from './DailyCostPanel.tsx';
import { MonthPanel } from './MonthPanel.tsx';
import { PeriodFigures } from './PeriodFigures.tsx';
import { CachePanel, TokensPanel } from './TokensPanel.tsx';
import { WhatChangedPanel } from './WhatChangedPanel.tsx';

/** What is spent and where it will end, what changed and why, and what caches spare. */
export function SpendTab() {
  return (
    <PanelGrid>
      <MonthPanel />
      <WhatChangedPanel />
      <PeriodFigures />
      <DailyCostPanel />
      <TokensPanel />
      <CachePanel />
    </PanelGrid>
  );
}
